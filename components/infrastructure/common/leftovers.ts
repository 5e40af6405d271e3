/** What a destroy has left in a cloud. */

/** A cloud resource that was made for a stack and is still there. */
export interface Leftover {
  /** As in the cloud's own command to delete it: `instance`, `security group`. */
  kind: string;
  id: string;
  /** What else helps to find it, for example its name. */
  name?: string;
}
