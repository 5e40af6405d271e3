// Package remote runs commands on another machine, over SSH.
package remote

import "encaplab/standins/command/process"

// Command is command:remote:Command.
type Command struct {
	process.Resource[Inputs, State, *State]
}

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

// Take sets the inputs, and what the last run has printed.
func (s *State) Take(inputs Inputs, said process.Streams) { s.Inputs, s.Streams = inputs, said }
