/** Public API of the plan: config in, pure data out. Does not import Pulumi. */
export * from "./addressing";
export * from "./encapsulation";
export * from "./fabric";
export * from "./fault";
export * from "./firewall";
export * from "./lab";
export * from "./path";
export * from "./route";
export * from "./rule";
export * from "./switch";
export * from "./topology";
export { bgpEstablished, INTERNET } from "./trace";
export * from "./verdict";
export * from "./versions";
