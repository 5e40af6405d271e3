package main

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// settings are the provider's arguments. Arguments that only suppress a warning are accepted and ignored.
type settings struct {
	kubeconfig, context, cluster, namespace  string
	deleteUnreachable, skipUpdateUnreachable bool
	patchForce, upsert                       bool
	mutableConfigMap, mutableSecret          bool
}

func newSettings(args property.Map) (settings, error) {
	s := settings{
		kubeconfig:            text(args, "kubeconfig"),
		context:               text(args, "context"),
		cluster:               text(args, "cluster"),
		namespace:             text(args, "namespace"),
		deleteUnreachable:     flag(args, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", false),
		skipUpdateUnreachable: flag(args, "skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", false),
		patchForce:            flag(args, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", false),
		upsert:                flag(args, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", false),
		mutableConfigMap:      flag(args, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", false),
		mutableSecret:         flag(args, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE", false),
	}
	if !flag(args, "enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true) {
		return s, fmt.Errorf("enableServerSideApply is false: the stand-in supports only server-side apply; leave it out")
	}
	if text(args, "renderYamlToDirectory") != "" {
		return s, fmt.Errorf("renderYamlToDirectory is set: the stand-in only writes to clusters; leave it out")
	}
	return s, nil
}

func text(args property.Map, name string) string {
	if value := args.Get(name); value.IsString() {
		return value.AsString()
	}
	return ""
}

// flag reads a boolean from the argument, which the SDK sends as JSON text, else from the environment, else the default.
func flag(args property.Map, name, variable string, otherwise bool) bool {
	switch value := args.Get(name); {
	case value.IsBool():
		return value.AsBool()
	case value.IsString():
		return value.AsString() == "true"
	}
	if value, ok := os.LookupEnv(variable); ok {
		return value == "true"
	}
	return otherwise
}
