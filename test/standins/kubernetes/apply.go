package main

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/csaupgrade"
)

// creator is the field manager with which every object is created.
const creator = "pulumi-kubernetes"

// predecessors are the managers whose fields an update takes over: otherwise their fields could never be removed.
var predecessors = sets.New("kubectl", "before-first-apply", creator, "pulumi-kubernetes.exe", "pulumi-resource-kubernetes")

// apply is a server-side apply: the server merges the object, and refuses to change fields of other managers unless forced.
func apply(
	ctx context.Context, resources dynamic.ResourceInterface, asked *unstructured.Unstructured, manager string,
	force, dryRun bool,
) (*unstructured.Unstructured, error) {
	body, err := asked.MarshalJSON()
	if err != nil {
		return nil, err
	}
	live, err := resources.Patch(ctx, asked.GetName(), types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: manager, Force: &force, DryRun: dry(dryRun)})
	if apierrors.IsConflict(err) {
		err = errors.Join(
			errors.New("server-side apply field conflict detected"),
			fmt.Errorf("The resource managed by field manager %q had an apply conflict: %w", manager, err))
	}
	return live, err
}

// forces reports whether to overwrite fields of other managers.
func (k *provider) forces(asked, live *unstructured.Unstructured) bool {
	return k.settings.patchForce || annotated(asked, "patchForce") ||
		(live != nil && len(live.GetManagedFields()) == 0) // older than server-side apply: no manager owns it
}

// takeOver makes manager the owner of its predecessors' fields.
func takeOver(
	ctx context.Context, resources dynamic.ResourceInterface, live *unstructured.Unstructured, manager string,
) error {
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(live, predecessors, manager)
	if err != nil || patch == nil {
		return err
	}
	_, err = resources.Patch(ctx, live.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{})
	return err
}

// relinquish gives up all fields that manager owns, and keeps the object.
func relinquish(
	ctx context.Context, resources dynamic.ResourceInterface, live *unstructured.Unstructured, manager string,
) error {
	nothing := &unstructured.Unstructured{}
	nothing.SetGroupVersionKind(live.GroupVersionKind())
	nothing.SetName(live.GetName())
	nothing.SetNamespace(live.GetNamespace())
	_, err := apply(ctx, resources, nothing, manager, false, false)
	return err
}
