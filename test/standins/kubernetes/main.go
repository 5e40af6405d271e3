// pulumi-resource-kubernetes: a stand-in for Pulumi's kubernetes plug-in 4.34.2, only for tests.
package main

import (
	"github.com/pulumi/pulumi-go-provider/middleware/cancel"

	"encaplab/standins/standin"
)

func main() {
	standin.Run("kubernetes", "4.34.2", cancel.Wrap((&provider{}).functions()))
}
