/** Public API of bundles: a lab to hand to somebody else, who gets the same one. Pure. */
export {
  type BundleArgs,
  type BundleFile,
  bundleFiles,
  bundleIn,
  bundleText,
  type ReadBundle,
} from "./bundle";
export { configOf } from "./config";
export { rehearsed } from "./rehearsed";
