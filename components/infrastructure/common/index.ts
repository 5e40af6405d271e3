/** Public API of what several clouds share. It loads no cloud's SDK. */

export {
  type ExpiredLab,
  enumerate,
  expiredAmong,
  type Leftover,
  labIdsIn,
  type StateResource,
  textsIn,
} from "../leftovers";
export { findAccess } from "./access";
export { announceCost, Cloud, type CloudArgs, type Foundation } from "./cloud";
export { cloudInit } from "./cloud-init";
export { estimateCost } from "./cost";
export { apiOf } from "./endpoint";
export { type GroupApart, groupsOf, type IngressRule, planIngress, rulesApart } from "./ingress";
export { connectionTo, createLogin, KeyPair, type Login, sshCommand } from "./key";
export {
  findPeerSite,
  nextStep,
  type PeerSite,
  peerWarnings,
  type SiteEndArgs,
  startsTunnel,
} from "./peer-site";
export { presharedKey } from "./preshared-key";
export { leftByKilledRun, type Marked, type Recovery, recover, searchUnknown } from "./recovery";
export { besideComponent, type Scope, scopeOf } from "./scope";
export {
  type GatewayRule,
  gatewayEnd,
  planGatewayRules,
} from "./site-gateway";
export { ownState } from "./state";
export { childrenBetween, childrenOf, PSK_MARK, renderSwanctl, startsLink } from "./swanctl";
export { type LabTags, PROJECT_TAG } from "./tags";
export { takeOver } from "./take-over";
export { inThrowAwayStack } from "./throw-away";
