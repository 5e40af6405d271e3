package main

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// read refreshes an object, or finds one that the program only refers to (`.get`) or imports.
func (k *provider) read(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
	if k.unreachable != nil {
		return k.readUnreachable(ctx, req)
	}
	last := parseState(req.Properties)
	last.inputs = object(req.Inputs)
	imported := last.inputs.GroupVersionKind().Empty()
	wanted := last.inputs
	if imported {
		kind, err := kindOf(req.Urn)
		if err != nil {
			return p.ReadResponse{}, err
		}
		wanted = &unstructured.Unstructured{}
		wanted.SetGroupVersionKind(kind)
	}
	if namespace, _, ok := strings.Cut(req.ID, "/"); ok {
		wanted.SetNamespace(namespace)
	}
	live, err := k.find(ctx, wanted, req.ID[strings.LastIndex(req.ID, "/")+1:])
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return p.ReadResponse{}, nil // the object is gone, or its kind
	}
	if err != nil {
		return p.ReadResponse{}, err
	}
	inputs := &unstructured.Unstructured{}
	if imported {
		inputs = live.DeepCopy()
		unstructured.RemoveNestedField(inputs.Object, "status")
		for _, field := range readOnly {
			unstructured.RemoveNestedField(inputs.Object, "metadata", field)
		}
	} else {
		inputs.Object = prune(live.Object, last.inputs.Object)
	}
	manager := last.manager
	if manager == "" {
		manager = creator
	}
	now := state{inputs: inputs, live: live, manager: manager}
	return p.ReadResponse{
		ID:         req.ID,
		Properties: now.properties(req.Inputs),
		Inputs:     keepSecrets(toProperties(inputs.Object), req.Inputs),
	}, nil
}

func (k *provider) find(
	ctx context.Context, wanted *unstructured.Unstructured, name string,
) (*unstructured.Unstructured, error) {
	resources, err := k.cluster.resource(wanted)
	if err != nil {
		return nil, err
	}
	return resources.Get(ctx, name, metav1.GetOptions{})
}

func (k *provider) readUnreachable(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
	p.GetLogger(ctx).Warningf("configured Kubernetes cluster is unreachable: %v", k.unreachable)
	switch {
	case k.settings.deleteUnreachable:
		return p.ReadResponse{}, nil
	case k.settings.skipUpdateUnreachable:
		return p.ReadResponse{ID: req.ID, Properties: req.Properties, Inputs: req.Inputs}, nil
	}
	return p.ReadResponse{}, fmt.Errorf("failed to read resource state due to unreachable cluster. If the cluster was " +
		"deleted, you can remove this resource from Pulumi state by rerunning the operation with the " +
		`PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"`)
}
