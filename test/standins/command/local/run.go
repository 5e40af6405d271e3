package local

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"encaplab/standins/command/process"
	"encaplab/standins/standin"
)

// Run runs one command line to its end. If the engine is interrupted or has died, kills it with all its children.
func (s *State) Run(ctx context.Context, command string) error {
	ctx, done := standin.While(ctx)
	defer done()
	argv := []string{"/bin/sh", "-c"}
	if s.Interpreter != nil && len(*s.Interpreter) > 0 {
		argv = append([]string{}, *s.Interpreter...)
	}
	argv = append(argv, command)

	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	// In a process group of its own, to kill all at once: killing only the shell would leave its children running.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if s.Dir != nil {
		cmd.Dir = *s.Dir
	}
	cmd.Env = os.Environ()
	for _, variables := range []map[string]string{s.Environment, s.Previous(s.Streams)} {
		for name, value := range variables {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	if s.Stdin != nil && *s.Stdin != "" {
		cmd.Stdin = strings.NewReader(*s.Stdin)
	}
	capture := process.NewCapture(ctx, s.Logging)
	cmd.Stdout, cmd.Stderr = capture.Stdout(), capture.Stderr()
	said, err := capture.Result(command, cmd.Run())
	if err == nil {
		s.Streams = said
	}
	return err
}
