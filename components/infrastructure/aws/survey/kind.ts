/** A kind of resource in EC2, and what is found of it. */
import type * as pulumi from "@pulumi/pulumi";

/** Tags by key, all of which a resource has. */
export type Tags = Readonly<Record<string, string>>;

/** Sends a request with the provider that shall be asked. */
export type Ask = <T>(request: (options: pulumi.InvokeOptions) => Promise<T>) => Promise<T>;

/** Something in EC2. */
export interface Found {
  kind: string;
  /** As `pulumi import` takes it. */
  id: string;
  /** The provider's type of resource. */
  type: string;
  /** The command that deletes it, without the region. */
  command: string;
  /** Of a route or an association: its route table. */
  inside?: string;
  /** Of a route: its destination; of an association: its subnet. */
  leadsTo?: string;
}

type Options = pulumi.InvokeOptions;
type List = (tags: Tags, region: string | undefined, options: Options) => Promise<string[]>;

/** A kind of tagged resource: how it is listed, and the command that deletes one. */
export interface Kind {
  kind: string;
  type: string;
  list: List;
  command(id: string): string;
}
