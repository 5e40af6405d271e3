// Package remote runs commands on another machine, over SSH.
package remote

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"encaplab/standins/command/process"
)

// Command is command:remote:Command.
type Command struct{}

// Inputs of a Command.
type Inputs struct {
	process.Lifecycle
	process.Surroundings
	Connection *Connection `pulumi:"connection" provider:"secret"`
}

// State of a Command.
type State struct {
	Inputs
	process.Streams
}

// Create runs the create command.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[Inputs]) (infer.CreateResponse[State], error) {
	state := State{Inputs: req.Inputs}
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun && req.Inputs.Create != nil {
		err = state.run(ctx, *req.Inputs.Create)
	}
	return infer.CreateResponse[State]{ID: id, Output: state}, err
}

// Update runs the update command, or create if there is none.
func (*Command) Update(
	ctx context.Context, req infer.UpdateRequest[Inputs, State],
) (infer.UpdateResponse[State], error) {
	state := State{Inputs: req.Inputs, Streams: req.State.Streams}
	var err error
	if command := req.Inputs.OnUpdate(); command != nil && !req.DryRun {
		err = state.run(ctx, *command)
	}
	return infer.UpdateResponse[State]{Output: state}, err
}

// Delete runs the delete command over the connection that is stored in the state.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[State]) (infer.DeleteResponse, error) {
	if req.State.Inputs.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, req.State.run(ctx, *req.State.Inputs.Delete)
}
