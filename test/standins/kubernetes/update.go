package main

import (
	"context"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func (k *provider) update(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
	asked := object(req.Inputs)
	if !req.DryRun {
		if err := k.mustReach(); err != nil {
			return p.UpdateResponse{}, err
		}
	} else if !k.canPreview(req.Inputs.AsMap(), asked) {
		return p.UpdateResponse{Properties: req.Inputs}, nil
	}
	before := parseState(req.State)
	now := state{inputs: asked, manager: before.manager}
	if own := asked.GetAnnotations()[annotations+"patchFieldManager"]; own != "" {
		now.manager = own
	}
	live, err := k.change(ctx, req, before, now)
	switch {
	case err != nil && req.DryRun && unforeseeable(err):
		return p.UpdateResponse{Properties: req.Inputs}, nil
	case meta.IsNoMatchError(err):
		return p.UpdateResponse{}, fmt.Errorf(
			"update of resource %q failed because the Kubernetes API server reported that the apiVersion for this resource "+
				"does not exist. Verify that any required CRDs have been created: %w", req.Urn, err)
	case err != nil:
		return p.UpdateResponse{}, fmt.Errorf("update of resource %q failed: %w", req.Urn, err)
	}
	now.live = live
	response := p.UpdateResponse{}
	if !req.DryRun {
		if now.live, err = k.untilReady(ctx, live, req.Timeout); err != nil {
			response.PartialState = &p.InitializationFailed{Reasons: []string{fmt.Sprintf(
				"stand-in: the Kubernetes API server reported that %q failed to fully initialize or become live: %v",
				identifier(live), err)}}
		}
	}
	response.Properties = now.properties(req.Inputs)
	return response, nil
}

func (k *provider) change(
	ctx context.Context, req p.UpdateRequest, before, now state,
) (*unstructured.Unstructured, error) {
	asked := now.inputs.DeepCopy()
	resources, err := k.cluster.resource(asked)
	if err != nil {
		return nil, err
	}
	live, err := resources.Get(ctx, before.live.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if namespaced, err := k.cluster.namespaced(asked.GroupVersionKind()); err == nil && !namespaced {
		asked.SetNamespace("")
	}
	if asked.GetKind() == "CustomResourceDefinition" {
		// Replace it as a whole, as `kubectl replace` does; the objects of its kind stay.
		asked.SetResourceVersion(live.GetResourceVersion())
		return resources.Update(ctx, asked, metav1.UpdateOptions{FieldManager: now.manager, DryRun: dry(req.DryRun)})
	}
	if err := leave(asked, live, req.IgnoreChanges); err != nil {
		return nil, err
	}
	// A dry run does not take over the predecessors' fields, so it has to force.
	force := k.forces(asked, live) || (req.DryRun && hasPredecessor(live))
	if !req.DryRun && !isPatch(req.Urn, asked) {
		if err := takeOver(ctx, resources, live, now.manager); err != nil {
			return nil, err
		}
	}
	applied, err := apply(ctx, resources, asked, now.manager, force, req.DryRun)
	if err == nil && !req.DryRun && before.manager != now.manager {
		err = relinquish(ctx, resources, applied, before.manager)
	}
	return applied, err
}

func hasPredecessor(live *unstructured.Unstructured) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Operation == metav1.ManagedFieldsOperationUpdate && predecessors.Has(entry.Manager) {
			return true
		}
	}
	return false
}

// leave keeps the fields of ignoreChanges as they are on the server, whichever manager set them.
func leave(asked, live *unstructured.Unstructured, ignored []string) error {
	for _, text := range ignored {
		path, err := resource.ParsePropertyPath(text)
		if err != nil {
			return fmt.Errorf("failed to parse ignore path: %w", err)
		}
		names := make([]string, 0, len(path))
		for _, step := range path {
			if name, ok := step.(string); ok {
				names = append(names, name)
			}
		}
		if len(names) != len(path) {
			return fmt.Errorf("ignoreChanges %q goes through a list, which the stand-in does not support", text)
		}
		found, ok, err := unstructured.NestedFieldCopy(live.Object, names...)
		if err != nil || !ok {
			continue // the server has no such field
		}
		if err := unstructured.SetNestedField(asked.Object, found, names...); err != nil {
			return err
		}
	}
	return nil
}
