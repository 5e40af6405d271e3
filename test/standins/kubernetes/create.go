package main

import (
	"context"
	"fmt"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
)

func (k *provider) create(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
	asked := object(req.Properties)
	patch := isPatch(req.Urn, asked)
	if !req.DryRun {
		if err := k.mustReach(); err != nil {
			return p.CreateResponse{}, err
		}
	} else if patch || !k.canPreview(req.Properties.AsMap(), asked) {
		return p.CreateResponse{Properties: req.Properties}, nil
	}
	manager := asked.GetAnnotations()[annotations+"patchFieldManager"]
	if manager == "" {
		var err error
		if manager, err = resource.NewUniqueName(nil, "pulumi-kubernetes-", 0, 0, nil); err != nil {
			return p.CreateResponse{}, err
		}
	}
	live, err := k.make(ctx, asked, manager, patch || k.settings.upsert, req.DryRun)
	switch {
	case err != nil && req.DryRun && unforeseeable(err):
		return p.CreateResponse{Properties: req.Properties}, nil
	case meta.IsNoMatchError(err):
		return p.CreateResponse{}, fmt.Errorf(
			"creation of resource %q with kind %s failed because the Kubernetes API server reported that the apiVersion "+
				"for this resource does not exist. Verify that any required CRDs have been created: %w",
			req.Urn, asked.GetAPIVersion()+"/"+asked.GetKind(), err)
	case apierrors.IsAlreadyExists(err):
		return p.CreateResponse{}, fmt.Errorf(
			"resource %q was not successfully created by the Kubernetes API server: %w\n\nThe resource already exists in "+
				"the cluster: import it, manage some of its fields by a Patch resource, or set upsertExistingObjects on the "+
				"provider", req.Urn, err)
	case err != nil:
		return p.CreateResponse{}, fmt.Errorf(
			"resource %q was not successfully created by the Kubernetes API server: %w", req.Urn, err)
	}
	now := state{inputs: asked, live: live, manager: manager}
	if req.DryRun {
		unstructured.RemoveNestedField(live.Object, "status")
		return p.CreateResponse{Properties: now.properties(req.Properties)}, nil
	}
	if asked.GetKind() == "CustomResourceDefinition" {
		k.cluster.mapper.Reset()
	}
	response := p.CreateResponse{ID: identifier(live)}
	now.live, err = k.untilReady(ctx, live, req.Timeout)
	if err != nil {
		response.PartialState = &p.InitializationFailed{Reasons: []string{fmt.Sprintf(
			"stand-in: resource %q was successfully created, but the Kubernetes API server reported that it failed to "+
				"fully initialize or become live: %v", req.Urn, err)}}
	}
	response.Properties = now.properties(req.Properties)
	return response, nil
}

// untilKnown: a kind that the server does not know after this time (1 s, doubled five times) will not appear.
var untilKnown = wait.Backoff{Duration: time.Second, Factor: 2, Steps: 6}

// make sends the object, and retries while its kind or namespace does not exist yet.
func (k *provider) make(
	ctx context.Context, asked *unstructured.Unstructured, manager string, upsert, dryRun bool,
) (*unstructured.Unstructured, error) {
	var live *unstructured.Unstructured
	var failure error
	backoff := untilKnown
	if dryRun {
		backoff.Steps = 1
	}
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(ctx context.Context) (bool, error) {
		live, failure = k.send(ctx, asked, manager, upsert, dryRun)
		if apierrors.IsNotFound(failure) || meta.IsNoMatchError(failure) {
			p.GetLogger(ctx).InfoStatusf("creation failed, retrying: %v", failure)
			k.cluster.mapper.Reset()
			return false, nil
		}
		return true, failure
	})
	if failure != nil {
		return nil, failure
	}
	return live, err
}

// send creates an object. An existing object of that name is an error, except with upsert, which applies to it.
func (k *provider) send(
	ctx context.Context, asked *unstructured.Unstructured, manager string, upsert, dryRun bool,
) (*unstructured.Unstructured, error) {
	if namespaced, err := k.cluster.namespaced(asked.GroupVersionKind()); err != nil {
		return nil, err
	} else if !namespaced {
		asked.SetNamespace("")
	}
	resources, err := k.cluster.resource(asked)
	if err != nil {
		return nil, err
	}
	if upsert {
		return apply(ctx, resources, asked, manager, dryRun || k.forces(asked, nil), dryRun)
	}
	// Creator, not manager: the first update finds this manager's fields and takes them over.
	return resources.Create(ctx, asked, metav1.CreateOptions{FieldManager: creator, DryRun: dry(dryRun)})
}
