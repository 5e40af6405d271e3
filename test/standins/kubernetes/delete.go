package main

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// delete deletes an object with its dependents, and waits until it is gone. An object that is already gone is not an error;
// an unreachable API server is.
func (k *provider) delete(ctx context.Context, req p.DeleteRequest) error {
	if k.unreachable != nil {
		p.GetLogger(ctx).Warningf("configured Kubernetes cluster is unreachable: %v", k.unreachable)
		if k.settings.deleteUnreachable {
			p.GetLogger(ctx).Info("the `deleteUnreachable` option is enabled: the resource is only removed from Pulumi's state")
			return nil
		}
		return fmt.Errorf("configured Kubernetes cluster is unreachable. If the cluster was deleted, you can remove this " +
			"resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment " +
			`variable set to "true"`)
	}
	err := k.remove(ctx, req, parseState(req.Properties))
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil
	}
	return err
}

func (k *provider) remove(ctx context.Context, req p.DeleteRequest, last state) error {
	resources, err := k.cluster.resource(last.live)
	if err != nil {
		return err
	}
	if isPatch(req.Urn, last.inputs) {
		return relinquish(ctx, resources, last.live, last.manager)
	}
	name := req.ID[strings.LastIndex(req.ID, "/")+1:]
	policy := metav1.DeletePropagationForeground
	switch strings.ToLower(last.inputs.GetAnnotations()[annotations+"deletionPropagationPolicy"]) {
	case "background":
		policy = metav1.DeletePropagationBackground
	case "orphan":
		policy = metav1.DeletePropagationOrphan
	}
	if err := resources.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
		return err
	}
	if annotated(last.inputs, "skipAwait") {
		return nil
	}
	ctx, done := limited(ctx, req.Timeout)
	defer done()
	var finalizers []string
	err = wait.PollUntilContextCancel(ctx, pause, true, func(ctx context.Context) (bool, error) {
		found, err := resources.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err // "not found" ends the wait
		}
		finalizers = found.GetFinalizers()
		// Another UID: the object is gone, and another one of that name was already created.
		return last.live.GetUID() != "" && found.GetUID() != last.live.GetUID(), nil
	})
	if wait.Interrupted(err) {
		return fmt.Errorf("%s %q was not deleted in time; its finalizers: %s", last.live.GetKind(), req.ID, strings.Join(finalizers, ", "))
	}
	return err
}
