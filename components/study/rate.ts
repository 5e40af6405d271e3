/** Datagrams per second that a watch sends on each path, in each direction. */
export const RATE = 20;
