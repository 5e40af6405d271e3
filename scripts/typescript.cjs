// Preloaded into the program (see Pulumi.yaml). Load Pulumi before tsx: tsx's hooks double the time of every later
// `require`, and Pulumi alone is seven hundred files (0.7 s without the hooks, 1.3 s with them, on two cores).
require("./inspect.cjs");
require("@pulumi/pulumi");
require("tsx/cjs");
