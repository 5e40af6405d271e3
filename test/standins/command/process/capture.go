package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
)

// Capture collects a command's output for the resource's outputs and the error message, and shows it line by line.
type Capture struct {
	stdout, stderr, both bytes.Buffer
	line                 []byte
	mutex                sync.Mutex // each stream arrives on its own goroutine
	show                 func(line string)
	showsOut, showsErr   bool
}

// NewCapture makes an empty Capture. logging is that of [Surroundings].
func NewCapture(ctx context.Context, logging *string) *Capture {
	wanted := func(stream string) bool {
		return logging == nil || *logging == stream || *logging == "stdoutAndStderr"
	}
	// A status message appears in the progress display, not in the final output.
	return &Capture{show: p.GetLogger(ctx).InfoStatus, showsOut: wanted("stdout"), showsErr: wanted("stderr")}
}

type writer func([]byte)

func (w writer) Write(data []byte) (int, error) {
	w(data)
	return len(data), nil
}

// Stdout receives a command's standard output.
func (c *Capture) Stdout() io.Writer {
	return writer(func(data []byte) { c.take(&c.stdout, data, c.showsOut) })
}

// Stderr receives a command's standard error.
func (c *Capture) Stderr() io.Writer {
	return writer(func(data []byte) { c.take(&c.stderr, data, c.showsErr) })
}

func (c *Capture) take(stream *bytes.Buffer, data []byte, shown bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	stream.Write(data)
	c.both.Write(data)
	if !shown {
		return
	}
	c.line = append(c.line, data...)
	for {
		end := bytes.IndexByte(c.line, '\n')
		if end < 0 {
			return
		}
		c.show(strings.TrimSuffix(string(c.line[:end]), "\r"))
		c.line = c.line[end+1:]
	}
}

// Result is the command's output, or an error in Pulumi's form, with the command and all its output.
func (c *Capture) Result(command string, err error) (Streams, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.line) > 0 {
		c.show(string(c.line))
	}
	if err != nil {
		return Streams{}, fmt.Errorf("%w: running %q:\n%s", err, command, c.both.String())
	}
	return Streams{
		Stdout: strings.TrimSuffix(c.stdout.String(), "\n"),
		Stderr: strings.TrimSuffix(c.stderr.String(), "\n"),
	}, nil
}
