package main

import (
	"context"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// diff compares the inputs with the object as last seen, but only in the fields that were inputs before: it shows a field
// that the server has changed, not one that the server has added.
func (k *provider) diff(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	before := parseState(req.State)
	news := object(req.Inputs)
	normalize(before.inputs)
	normalize(news)
	olds := &unstructured.Unstructured{Object: prune(before.live.Object, before.inputs.Object)}
	if err := k.align(olds, news, before.live); err != nil {
		return p.DiffResponse{}, err
	}
	changes := changed{}
	changes.compare(nil, olds.Object, news.Object)
	for _, path := range req.IgnoreChanges {
		if err := changes.drop(path); err != nil {
			return p.DiffResponse{}, err
		}
	}
	fixed := k.fixedFields(news)
	if isPatch(req.Urn, news) {
		fixed = identity
	}
	response := p.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: map[string]p.PropertyDiff{}}
	replaces := false
	for _, change := range changes {
		kind := change.kind
		if change.touches(fixed) {
			kind, replaces = kind+"&replace", true
		}
		response.DetailedDiff[change.path.String()] = p.PropertyDiff{Kind: kind}
	}
	// Two objects cannot have the same name: in that case delete the old one first.
	response.DeleteBeforeReplace = replaces && news.GetName() != "" && !annotated(news, "autonamed") &&
		news.GetName() == before.live.GetName() && news.GetNamespace() == before.live.GetNamespace()
	return response, nil
}

// align removes differences without a meaning.
func (k *provider) align(olds, news, live *unstructured.Unstructured) error {
	namespaced := true
	if k.unreachable == nil {
		var err error
		if namespaced, err = k.cluster.namespaced(news.GroupVersionKind()); err != nil {
			return err
		}
	}
	for _, side := range []*unstructured.Unstructured{olds, news} {
		_, isUnknown := side.Object["metadata"].(unknown)
		switch {
		case isUnknown:
		case !namespaced:
			unstructured.RemoveNestedField(side.Object, "metadata", "namespace")
		case value(side.Object, "metadata", "namespace") == nil:
			side.SetNamespace("default")
		}
	}
	unstructured.RemoveNestedField(olds.Object, "metadata", "resourceVersion")
	olds.SetGroupVersionKind(live.GroupVersionKind())
	if live.GroupVersionKind().Empty() {
		olds.SetGroupVersionKind(news.GroupVersionKind())
	}
	if news.GetName() != "" {
		olds.SetName(live.GetName())
	}
	return nil
}

// value is the field at path, or nil; an unknown value on the path counts as the field.
func value(from map[string]any, path ...string) any {
	var at any = from
	for _, name := range path {
		inner, ok := at.(map[string]any)
		if !ok {
			return at
		}
		at = inner[name]
	}
	return at
}

// prune returns the fields of source that shape also has.
func prune(source, shape map[string]any) map[string]any {
	result := map[string]any{}
	for name, wanted := range shape {
		if found, ok := source[name]; ok {
			result[name] = pruned(found, wanted)
		}
	}
	return result
}

func pruned(found, wanted any) any {
	switch wanted := wanted.(type) {
	case map[string]any:
		if found, ok := found.(map[string]any); ok {
			return prune(found, wanted)
		}
	case []any:
		found, ok := found.([]any)
		if !ok || len(found) == 0 || len(wanted) == 0 {
			break
		}
		result := []any{}
		for i := 0; i < len(wanted) && i < len(found); i++ {
			result = append(result, pruned(found[i], wanted[i]))
		}
		return result
	}
	return found
}

func (c changed) drop(ignored string) error {
	above, err := resource.ParsePropertyPath(ignored)
	if err != nil {
		return fmt.Errorf("failed to parse ignore path: %w", err)
	}
	for name, change := range c {
		if above.Contains(change.path) {
			delete(c, name)
		}
	}
	return nil
}
