/** Public API of the plan: config in, pure data out. Does not import Pulumi. */
export { ACROSS_PATHS, type Across, type AcrossPath, judgeAcross, type SiteStack } from "./across";
export * from "./addressing";
export { rowsThatDiffer } from "./backend";
export {
  bgpEstablished,
  gatewayHop,
  gatewaySessionUp,
  hasDetours,
  learns,
  opensSession,
  peersOf,
  runsBird,
  sessionUp,
} from "./bgp";
export { expectedRoutes } from "./block-routes";
export * from "./carrier";
export { CATALOGUE, type CatalogueEntry } from "./catalogue";
export { type Effect, effectsOf, hasEffect } from "./effect";
export * from "./encapsulation";
export * from "./endpoint";
export * from "./endpoint-name";
export { espBytes, innerMtu } from "./esp";
export * from "./fabric";
export type { Failure } from "./failure";
export * from "./fault";
export * from "./firewall";
export type { Header, Ipv4Header, Packet } from "./header";
export type { Hop, HopKind } from "./hop";
export { type ClosedRule, type HostPlan, withFirewall } from "./host";
export * from "./lab";
export {
  expectations,
  isWarning,
  type Outcome,
  outcomeOf,
  type PathVerdict,
  rowsOf,
} from "./outcome";
export * from "./path";
export * from "./peer-site";
export * from "./peering";
export * from "./placement";
export * from "./pool";
export * from "./port";
export * from "./probe";
export * from "./proposal";
export * from "./route";
export type { Row, Rows } from "./row";
export * from "./rule";
export * from "./service";
export * from "./site";
export * from "./switch";
export * from "./tenant";
export { pluggedPort } from "./tenant-travel";
export * from "./topology";
export * from "./trace";
export * from "./verdict";
export * from "./versions";
export * from "./vpc";
export * from "./vpn";
