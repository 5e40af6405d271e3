/** The life of what a cluster keeps in the stack's state alone, as the dynamic provider calls it. */
import { randomInt } from "node:crypto";
import type { Part } from "../infrastructure";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const word = (length: number) => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** In the form that kubeadm asks for: `[a-z0-9]{6}.[a-z0-9]{16}`. */
export const joinToken: Part<object, { token: string }> = {
  create: async () => ({ token: `${word(6)}.${word(16)}` }),
  changed: async () => false,
  update: async (_inputs, { token }) => ({ token }),
  remove: async () => {},
};
