export * from "./realm";
