// pulumi-resource-command: a stand-in for Pulumi's command plug-in 1.2.1, only for tests.
package main

import (
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"

	"encaplab/standins/command/local"
	"encaplab/standins/command/remote"
	"encaplab/standins/standin"
)

func main() {
	// A package's name is the middle part of its resources' tokens: command:remote:Command.
	standin.Run("command", "1.2.1", infer.Provider(infer.Options{
		Metadata:  schema.Metadata{DisplayName: "stand-in for Command", Description: "stand-in: test equipment of encaplab"},
		Resources: []infer.InferredResource{infer.Resource(&local.Command{}), infer.Resource(&remote.Command{})},
	}))
}
