package main

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// canPreview reports whether the server can do a dry run: it must be reachable and know the kind, and every value must be
// known.
func (k *provider) canPreview(values map[string]property.Value, asked *unstructured.Unstructured) bool {
	return k.unreachable == nil && !property.New(values).HasComputed() && k.cluster.knows(asked.GroupVersionKind())
}

// unforeseeable errors of a dry run do not predict the real run: until then, the conflicting object may be deleted or the
// missing one created. A user without the right to do a dry run may have the right to do the real one.
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
