// Package process is what a command has whether it runs here or on another machine.
package process

// Lifecycle says what to run when. Every input but the triggers, changed, runs Update, or Create where that is absent.
type Lifecycle struct {
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
}

// OnUpdate is the command line that an update runs; nil for none.
func (l Lifecycle) OnUpdate() *string {
	if l.Update != nil {
		return l.Update
	}
	return l.Create
}

// Surroundings are what a command finds when it starts.
type Surroundings struct {
	Stdin *string `pulumi:"stdin,optional"`
	// stdout, stderr, stdoutAndStderr (also when absent) or none: what is shown while the command runs.
	Logging                *string           `pulumi:"logging,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// Streams are the outputs.
type Streams struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Previous are the variables in which a command finds what the run before it said, absent where it said nothing.
func (s Surroundings) Previous(said Streams) map[string]string {
	variables := map[string]string{}
	if s.AddPreviousOutputInEnv != nil && !*s.AddPreviousOutputInEnv {
		return variables
	}
	if said.Stdout != "" {
		variables["PULUMI_COMMAND_STDOUT"] = said.Stdout
	}
	if said.Stderr != "" {
		variables["PULUMI_COMMAND_STDERR"] = said.Stderr
	}
	return variables
}
