// Package local runs commands on the machine that the engine runs on.
package local

import "encaplab/standins/command/process"

// Command is command:local:Command. It rejects assetPaths and archivePaths.
type Command struct {
	process.Resource[Inputs, State, *State]
}

// Inputs of a Command.
type Inputs struct {
	process.Lifecycle
	process.Surroundings
	// The program that gets the command as its last argument; /bin/sh -c when absent.
	Interpreter *[]string `pulumi:"interpreter,optional"`
	// The working directory; that of the Pulumi program when absent.
	Dir *string `pulumi:"dir,optional"`
}

// State of a Command.
type State struct {
	Inputs
	process.Streams
}

// Take sets the inputs, and what the last run has printed.
func (s *State) Take(inputs Inputs, said process.Streams) { s.Inputs, s.Streams = inputs, said }
