package main

import (
	"context"
	"fmt"
	"os"
	"reflect"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// parseKubeconfig reads a kubeconfig, given as text or as the path of a file.
func parseKubeconfig(text string) (*api.Config, error) {
	if _, err := os.Stat(text); err == nil {
		return clientcmd.LoadFromFile(text)
	}
	return clientcmd.Load([]byte(text))
}

// clientConfig is the kubeconfig of the settings, or that of the user's environment, with the settings' context, cluster
// and namespace.
func clientConfig(s settings) (clientcmd.ClientConfig, error) {
	overrides := &clientcmd.ConfigOverrides{
		CurrentContext: s.context,
		Context:        api.Context{Cluster: s.cluster, Namespace: s.namespace},
	}
	if s.kubeconfig == "" {
		rules := clientcmd.NewDefaultClientConfigLoadingRules()
		return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides), nil
	}
	config, err := parseKubeconfig(s.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("failed to parse kubeconfig data in `kubernetes:config:kubeconfig`: %w", err)
	}
	return clientcmd.NewDefaultClientConfig(*config, overrides), nil
}

// diffConfig replaces the provider, and with it every object, if the cluster is another one: if the address or certificate
// of the active cluster changes, or the kubeconfig is not known yet. With a clusterIdentifier, only that counts.
func diffConfig(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	olds, news := req.OldInputs, req.Inputs
	if olds.Len() == 0 {
		olds = req.State
	}
	changes := map[string]p.PropertyDiff{}
	for _, name := range changedKeys(olds, news) {
		changes[name] = p.PropertyDiff{Kind: p.Update}
	}
	replace, err := meansAnother(olds, news)
	if err != nil {
		return p.DiffResponse{}, err
	}
	for _, name := range replace {
		if _, changed := changes[name]; changed {
			changes[name] = p.PropertyDiff{Kind: p.UpdateReplace}
		}
	}
	return p.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: changes}, nil
}

func changedKeys(olds, news property.Map) []string {
	var keys []string
	seen := map[string]bool{}
	for _, side := range []property.Map{olds, news} {
		for name := range side.All {
			if !seen[name] && !reflect.DeepEqual(plain(olds.Get(name)), plain(news.Get(name))) {
				keys = append(keys, name)
			}
			seen[name] = true
		}
	}
	return keys
}

var whichCluster = []string{"kubeconfig", "context", "cluster"}

func meansAnother(olds, news property.Map) ([]string, error) {
	if before, after := text(olds, "clusterIdentifier"), text(news, "clusterIdentifier"); before != "" && after != "" {
		if before != after {
			return []string{"clusterIdentifier"}, nil
		}
		return nil, nil
	}
	for _, name := range whichCluster {
		if news.Get(name).IsComputed() {
			return []string{name}, nil
		}
	}
	before, err := activeCluster(olds)
	if err != nil {
		return nil, err
	}
	after, err := activeCluster(news)
	if err != nil {
		return nil, err
	}
	if before == nil || after == nil || reflect.DeepEqual(before, after) {
		return nil, nil
	}
	return whichCluster, nil
}

// activeCluster is the cluster that these arguments select; nil if they select none.
func activeCluster(args property.Map) (*api.Cluster, error) {
	given := text(args, "kubeconfig")
	if given == "" {
		return nil, nil
	}
	config, err := parseKubeconfig(given)
	if err != nil {
		return nil, fmt.Errorf("failed to parse kubeconfig: %w", err)
	}
	name := config.CurrentContext
	if other := text(args, "context"); other != "" {
		name = other
	}
	context := config.Contexts[name]
	if context == nil {
		return nil, nil
	}
	if other := text(args, "cluster"); other != "" {
		return config.Clusters[other], nil
	}
	return config.Clusters[context.Cluster], nil
}
