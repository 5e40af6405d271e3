/**
 * Public API of the fabric: the network under the nodes, rendered from the plan. The twin's namespaces and the node
 * containers plug into the same one.
 */
export {
  addVpn,
  changeHost,
  closesSessions,
  type HostState,
  removeVpn,
  renderHost,
} from "./host";
export {
  EXTERNAL,
  FABRIC,
  INTERNET_HOST,
  macOf,
  port,
  ROUTER,
  routerDevice,
  type SubnetDevices,
  subnetDevices,
} from "./names";
export { renderPort, unplug } from "./port";
export { renderRouter, routerRoutes } from "./router";
export { BGP_TIMES, renderRouterBird, underlined } from "./router-bird";
export { BGP_MARK, renderSecurity, type SecurityState } from "./security";
export { addBridge, batch, bridgeBatch, enter, inside, nft, sysctl } from "./shell";
export { FABRIC_SYSCTLS, QUIET, ROUTER_SYSCTLS, renderSubnet } from "./subnet";
