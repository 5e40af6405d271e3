package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// cluster is a connection to an API server that has answered.
type cluster struct {
	client dynamic.Interface
	mapper *restmapper.DeferredDiscoveryRESTMapper
	// The namespace of objects that do not name one.
	namespace string
}

func connect(s settings) (*cluster, error) {
	config, err := clientConfig(s)
	if err != nil {
		return nil, err
	}
	namespace, _, err := config.Namespace()
	if err != nil {
		return nil, fmt.Errorf("unable to load Kubernetes client configuration from kubeconfig file: %w", err)
	}
	rest, err := config.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("unable to load Kubernetes client configuration from kubeconfig file: %w", err)
	}
	finder, err := discovery.NewDiscoveryClientForConfig(rest)
	if err != nil {
		return nil, err
	}
	if _, err := finder.ServerGroups(); err != nil {
		return nil, fmt.Errorf("unable to load schema information from the API server: %w", err)
	}
	client, err := dynamic.NewForConfig(rest)
	if err != nil {
		return nil, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(finder))
	return &cluster{client: client, mapper: mapper, namespace: namespace}, nil
}

// resource is the client with which an object of this kind is read and written.
func (c *cluster) resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	resources := c.client.Resource(mapping.Resource)
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return resources, nil
	}
	namespace := object.GetNamespace()
	if namespace == "" {
		namespace = c.namespace
	}
	return resources.Namespace(namespace), nil
}

// knows reports whether the server has this kind now.
func (c *cluster) knows(kind schema.GroupVersionKind) bool {
	_, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	return err == nil
}

// namespaced reports whether objects of this kind live in namespaces. A kind without a CRD yet counts as namespaced; create
// corrects that.
func (c *cluster) namespaced(kind schema.GroupVersionKind) (bool, error) {
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("API server returned error when asked if resource type %s is namespaced: %w", kind, err)
	}
	return mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
}
