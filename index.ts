import * as pulumi from "@pulumi/pulumi";
export const hello: string = pulumi.getStack();
