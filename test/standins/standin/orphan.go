package standin

import (
	"context"
	"os"
	"time"
)

// look: how often to check whether the engine lives. grace: how long running operations may take to stop after its death.
const (
	look  = 250 * time.Millisecond
	grace = 5 * time.Second
)

var orphaned, orphan = context.WithCancel(context.Background())

// Orphaned is done when the engine that started this process has died. Long operations must stop then: the library
// notices a killed engine only at its next health check, minutes later, and until then a command would run in parallel
// with the one that the next `up` starts.
func Orphaned() context.Context { return orphaned }

// While returns a context that is done when ctx is done or the engine has died.
func While(ctx context.Context) (context.Context, context.CancelFunc) {
	joined, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(orphaned, cancel)
	return joined, func() { stop(); cancel() }
}

// followParent detects the parent's death: on every Unix, the child then gets another parent.
func followParent() {
	parent := os.Getppid()
	go func() {
		for range time.Tick(look) {
			if os.Getppid() == parent {
				continue
			}
			orphan()
			time.AfterFunc(grace, func() { os.Exit(1) })
			return
		}
	}()
}
