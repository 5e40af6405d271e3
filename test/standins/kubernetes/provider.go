package main

import (
	"context"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
)

// provider serves every type of the package without knowing any: an object's apiVersion and kind say what it is, and the
// API server says whether that exists.
type provider struct {
	settings settings
	cluster  *cluster
	// Why there is no connection. Not an error of Configure: a resource that is deleted with its cluster must not need it.
	unreachable error
}

func (k *provider) functions() p.Provider {
	return p.Provider{
		CheckConfig: func(_ context.Context, req p.CheckRequest) (p.CheckResponse, error) {
			return p.CheckResponse{Inputs: req.Inputs}, nil
		},
		DiffConfig: diffConfig,
		Configure:  k.configure,
		Check:      k.check,
		Diff:       k.diff,
		Create:     k.create,
		Read:       k.read,
		Update:     k.update,
		Delete:     k.delete,
	}
}

func (k *provider) configure(_ context.Context, req p.ConfigureRequest) error {
	var err error
	if k.settings, err = newSettings(req.Args); err != nil {
		return err
	}
	k.cluster, k.unreachable = connect(k.settings)
	return nil
}

func (k *provider) mustReach() error {
	if k.unreachable == nil {
		return nil
	}
	return fmt.Errorf("configured Kubernetes cluster is unreachable: %w", k.unreachable)
}
