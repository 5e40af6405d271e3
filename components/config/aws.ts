/** The section `aws`. */
import { access } from "./access";
import { flag, oneOf, pattern, section, text } from "./value";

/** The keys of a lab on EC2. All are optional. */
export const aws = section({
  /** The region. Before you change it, destroy the lab. Default: AWS_REGION, or the region of your AWS profile. */
  region: pattern(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region such as eu-central-1").optional(),
  /**
   * The EC2 instance type of each node: at least 2 vCPUs and 4 GiB. It changes in place, with a restart. Default:
   * `t3.medium`, or `t4g.medium` for arm64.
   */
  instanceType: text("an EC2 instance type such as t3.medium").optional(),
  /** The id of the machine image. Another one replaces the machines. Default: Canonical's newest Ubuntu 24.04. */
  imageId: pattern(/^ami-[0-9a-f]{8,17}$/, "an image id such as ami-0123456789abcdef0").optional(),
  /**
   * The processors' architecture. Before you change it, destroy the lab. Default: that of `instanceType`,
   * else `amd64`.
   */
  architecture: oneOf(["amd64", "arm64"]).optional(),
  /** Whether to use spot instances: cheaper, but AWS may take them back at any time. A change replaces the machines. Default: false. */
  spot: flag().optional(),
  ...access,
});
