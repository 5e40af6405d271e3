// Package process has what local and remote commands share.
package process

// Lifecycle has the command lines. A change of any input except the triggers runs Update, or Create if there is no Update.
type Lifecycle struct {
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
}

// OnUpdate is the command line that an update runs; nil if there is none.
func (l Lifecycle) OnUpdate() *string {
	if l.Update != nil {
		return l.Update
	}
	return l.Create
}

// Lines are the command lines.
func (l Lifecycle) Lines() Lifecycle { return l }

// Surroundings are the inputs that a command gets when it starts.
type Surroundings struct {
	Stdin *string `pulumi:"stdin,optional"`
	// What to show while the command runs: stdout, stderr, stdoutAndStderr (the default) or none.
	Logging                *string           `pulumi:"logging,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// Streams are a command's outputs.
type Streams struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Said is what the last run has printed.
func (s Streams) Said() Streams { return s }

// Previous are the environment variables with the previous run's output; a variable is absent if its stream was empty.
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
