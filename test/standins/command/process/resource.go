package process

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// State is a pointer to the state of a Command.
type State[I, S any] interface {
	*S
	// Take sets the inputs, and what the last run has printed.
	Take(inputs I, said Streams)
	Said() Streams
	Lines() Lifecycle
	// Run runs one command line to its end, and remembers what it has printed.
	Run(ctx context.Context, command string) error
}

// Resource is what a local and a remote Command have in common: when they run which command line.
type Resource[I, S any, P State[I, S]] struct{}

// Create runs the create command.
func (Resource[I, S, P]) Create(ctx context.Context, req infer.CreateRequest[I]) (infer.CreateResponse[S], error) {
	var state S
	P(&state).Take(req.Inputs, Streams{})
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if command := P(&state).Lines().Create; command != nil && err == nil && !req.DryRun {
		err = P(&state).Run(ctx, *command)
	}
	return infer.CreateResponse[S]{ID: id, Output: state}, err
}

// Update runs the update command, or create if there is none.
func (Resource[I, S, P]) Update(ctx context.Context, req infer.UpdateRequest[I, S]) (infer.UpdateResponse[S], error) {
	state := req.State
	P(&state).Take(req.Inputs, P(&req.State).Said())
	var err error
	if command := P(&state).Lines().OnUpdate(); command != nil && !req.DryRun {
		err = P(&state).Run(ctx, *command)
	}
	return infer.UpdateResponse[S]{Output: state}, err
}

// Delete runs the delete command, with the inputs that are stored in the state.
func (Resource[I, S, P]) Delete(ctx context.Context, req infer.DeleteRequest[S]) (infer.DeleteResponse, error) {
	command := P(&req.State).Lines().Delete
	if command == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, P(&req.State).Run(ctx, *command)
}
