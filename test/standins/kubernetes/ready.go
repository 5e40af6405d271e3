package main

import (
	"context"
	"fmt"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// awaited are the kinds to wait for; all others are ready as soon as the server has them.
var awaited = map[string]bool{
	"DaemonSet": true, "Deployment": true, "Job": true, "PersistentVolumeClaim": true, "Pod": true, "StatefulSet": true,
}

// patience: how long to wait if the program does not set customTimeouts. pause: the time between two checks.
const (
	patience = 10 * time.Minute
	pause    = 500 * time.Millisecond
)

// limited returns the context of an operation, with the program's customTimeouts as its limit (seconds; 0: not set).
func limited(ctx context.Context, seconds float64) (context.Context, context.CancelFunc) {
	if seconds == 0 {
		return context.WithTimeout(ctx, patience)
	}
	return context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
}

// untilReady waits until an object is ready. It returns the object as last seen, even with an error.
func (k *provider) untilReady(
	ctx context.Context, live *unstructured.Unstructured, seconds float64,
) (*unstructured.Unstructured, error) {
	if !builtIn[live.GroupVersionKind().Group] || !awaited[live.GetKind()] || annotated(live, "skipAwait") {
		return live, nil
	}
	resources, err := k.cluster.resource(live)
	if err != nil {
		return live, err
	}
	ctx, done := limited(ctx, seconds)
	defer done()
	said := ""
	err = wait.PollUntilContextCancel(ctx, pause, true, func(ctx context.Context) (bool, error) {
		found, err := resources.Get(ctx, live.GetName(), metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		live = found
		result, err := status.Compute(live)
		if err != nil {
			return false, err
		}
		switch result.Status {
		case status.CurrentStatus:
			return true, nil
		case status.FailedStatus:
			return false, fmt.Errorf("%s", result.Message)
		}
		if result.Message != said {
			said = result.Message
			p.GetLogger(ctx).InfoStatus(said)
		}
		return false, nil
	})
	if wait.Interrupted(err) {
		err = fmt.Errorf("%s %q was not ready in time: %s", live.GetKind(), identifier(live), said)
	}
	return live, err
}
