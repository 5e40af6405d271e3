package standin

import (
	"context"
	"os"
	"time"
)

// How often to look whether the engine lives, and how long what is under way may take to stop when it does not.
const (
	look  = 250 * time.Millisecond
	grace = 5 * time.Second
)

var orphaned, orphan = context.WithCancel(context.Background())

// Orphaned is done when the engine that started this process has died. What runs for long has to stop then: the
// library notices an engine that was killed only at its next health check, minutes later, and until then a command
// would go on beside the one that the next `up` starts.
func Orphaned() context.Context { return orphaned }

// While joins the two reasons to stop something: its own context's, and the engine's death.
func While(ctx context.Context) (context.Context, context.CancelFunc) {
	joined, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(orphaned, cancel)
	return joined, func() { stop(); cancel() }
}

// A child whose parent has died is handed to another process: that is the sign on every Unix.
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
