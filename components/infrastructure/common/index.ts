/** Public API of what several clouds share. It loads no cloud's SDK. */
export { findAccess } from "./access";
export { cloudInit } from "./cloud-init";
export { type CostEstimate, estimateCost } from "./cost";
export { apiOf } from "./endpoint";
export { Beginning, watchExpiry } from "./expiry";
export { type IngressRule, planIngress } from "./ingress";
export { createLogin, KeyPair, type Login, sshCommand } from "./key";
export { type LabTags, labTags, PROJECT_TAG } from "./tags";
