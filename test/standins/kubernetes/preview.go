package main

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// canPreview tells whether the server can be asked what would become of an object: it must be there, know the kind, and
// every value must be known.
func (k *provider) canPreview(values map[string]property.Value, asked *unstructured.Unstructured) bool {
	return k.unreachable == nil && !property.New(values).HasComputed() && k.cluster.knows(asked.GroupVersionKind())
}

// unforeseeable errors of a dry run say nothing about the real one: what is in the way may be gone by then, or what
// lacks there; a user who may not ask may still do.
func unforeseeable(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) ||
		meta.IsNoMatchError(err)
}

func dry(run bool) []string {
	if run {
		return []string{metav1.DryRunAll}
	}
	return nil
}
