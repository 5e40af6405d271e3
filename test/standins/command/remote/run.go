package remote

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"

	"encaplab/standins/command/process"
	"encaplab/standins/standin"
)

// Run runs one command line to its end. As with Pulumi's plug-in, an interrupted engine waits for it. Only if the engine has
// died, Run closes the connection.
func (s *State) Run(ctx context.Context, command string) error {
	client, err := s.Connection.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	defer context.AfterFunc(standin.Orphaned(), func() { client.Close() })()

	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	if err := s.setEnvironment(ctx, session); err != nil {
		return err
	}
	if s.Stdin != nil && *s.Stdin != "" {
		session.Stdin = strings.NewReader(*s.Stdin)
	}
	capture := process.NewCapture(ctx, s.Logging)
	session.Stdout, session.Stderr = capture.Stdout(), capture.Stderr()
	said, err := capture.Result(command, session.Run(command))
	if err == nil {
		s.Streams = said
	}
	return err
}

// setEnvironment fails if the server refuses a variable of the user. It only warns for the previous output, which most
// servers refuse.
func (s *State) setEnvironment(ctx context.Context, session *ssh.Session) error {
	const refused = "Unable to set '%s'. This only works if your SSH server is configured to accept these variables via AcceptEnv"
	for name, value := range s.Environment {
		if err := session.Setenv(name, value); err != nil {
			p.GetLogger(ctx).Errorf(refused, name)
			return fmt.Errorf("could not set environment variable %q: %w", name, err)
		}
	}
	for name, value := range s.Previous(s.Streams) {
		if session.Setenv(name, value) != nil {
			p.GetLogger(ctx).Warningf(refused, name)
		}
	}
	return nil
}
