package main

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// readOnly lists the fields that only the server writes. A manifest from a cluster contains them.
var readOnly = []string{
	"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
	"resourceVersion", "uid",
}

// check completes the inputs: adds a missing name and the namespace, and marks what must be secret.
func (k *provider) check(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
	if k.unreachable != nil && k.settings.skipUpdateUnreachable {
		p.GetLogger(ctx).Warning("Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...")
		return p.CheckResponse{Inputs: req.State}, nil
	}
	if err := refuse(req.Urn); err != nil {
		return p.CheckResponse{}, err
	}
	if strings.HasSuffix(object(req.Inputs).GetKind(), "List") {
		return p.CheckResponse{}, fmt.Errorf("list resources cannot be created; use the underlying resource type instead")
	}
	given := req.Inputs.Get("metadata")
	if given.IsComputed() {
		return p.CheckResponse{Inputs: req.Inputs}, nil
	}
	metadata := property.Map{}
	if given.IsMap() {
		metadata = given.AsMap().Delete(readOnly...)
	}
	metadata, err := named(metadata, req)
	if err != nil {
		return p.CheckResponse{}, err
	}
	if metadata, err = k.placed(metadata, req.Inputs); err != nil {
		return p.CheckResponse{}, err
	}
	inputs := req.Inputs.Set("metadata", property.WithGoValue(given, metadata))
	return p.CheckResponse{Inputs: keepSecrets(inputs, property.Map{})}, nil
}

// named generates a unique name, and keeps it in later checks.
func named(metadata property.Map, req p.CheckRequest) (property.Map, error) {
	if name := metadata.Get("name"); name.IsComputed() || (name.IsString() && name.AsString() != "") {
		return metadata, nil
	}
	if !metadata.Get("generateName").IsNull() {
		return metadata, fmt.Errorf("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
	}
	if isPatch(req.Urn, object(req.Inputs)) {
		return metadata, fmt.Errorf("patch resources require the `.metadata.name` field to be set")
	}
	before := object(req.State)
	name := before.GetName()
	if name == "" || !annotated(before, "autonamed") {
		var err error
		if name, err = resource.NewUniqueName(req.RandomSeed, req.Urn.Name()+"-", 0, 0, nil); err != nil {
			return metadata, err
		}
	}
	metadata = metadata.Set("name", property.New(name))
	if marks := metadata.Get("annotations"); marks.IsMap() || marks.IsNull() {
		content := property.Map{}
		if marks.IsMap() {
			content = marks.AsMap()
		}
		content = content.Set(annotations+"autonamed", property.New("true"))
		metadata = metadata.Set("annotations", property.WithGoValue(marks, content))
	}
	return metadata, nil
}

// placed sets the provider's namespace on a namespaced object without one.
func (k *provider) placed(metadata, inputs property.Map) (property.Map, error) {
	if k.unreachable != nil || k.cluster.namespace == "" || !metadata.Get("namespace").IsNull() {
		return metadata, nil
	}
	namespaced, err := k.cluster.namespaced(object(inputs).GroupVersionKind())
	if err != nil || !namespaced {
		return metadata, err
	}
	return metadata.Set("namespace", property.New(k.cluster.namespace)), nil
}
