package main

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kindOf reads a kind from a type token: kubernetes:core/v1:ConfigMap, kubernetes:crd.projectcalico.org/v1:IPPool.
func kindOf(urn resource.URN) (schema.GroupVersionKind, error) {
	parts := strings.Split(string(urn.Type()), ":")
	if len(parts) != 3 {
		return schema.GroupVersionKind{}, fmt.Errorf("%q is not a Kubernetes type", urn.Type())
	}
	version, err := schema.ParseGroupVersion(strings.TrimPrefix(parts[1], "core/"))
	if err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("%q has no API version: %w", urn.Type(), err)
	}
	return version.WithKind(parts[2]), nil
}

// refuse rejects the types that the stand-in does not support.
func refuse(urn resource.URN) error {
	token := string(urn.Type())
	for _, prefix := range []string{"kubernetes:helm.sh/", "kubernetes:kustomize", "kubernetes:yaml"} {
		if strings.HasPrefix(token, prefix) {
			return fmt.Errorf("%s is not an object of the API server; the stand-in supports only such objects", token)
		}
	}
	return nil
}

// isPatch reports whether a resource owns only some fields of an object, such as ConfigMapPatch.
func isPatch(urn resource.URN, object *unstructured.Unstructured) bool {
	return string(urn.Type().Name()) == object.GetKind()+"Patch"
}

const annotations = "pulumi.com/"

// annotated reports whether an object has the annotation pulumi.com/NAME: "true".
func annotated(object *unstructured.Unstructured, name string) bool {
	return object.GetAnnotations()[annotations+name] == "true"
}
