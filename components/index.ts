/**
 * The public API of encaplab: the lab as one component, and its parts for programs that need only some of them. The
 * clouds' own SDKs are loaded when their component is first used.
 */
export { Lab, type LabArgs, type LabOutputs } from "./lab";
