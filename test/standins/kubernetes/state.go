package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What the state holds beside the object itself, under the names of Pulumi's plug-in, which could go on with it.
const (
	inputsKey  = "__inputs"
	versionKey = "__initialApiVersion"
	managerKey = "__fieldManager"
)

// state is what the engine keeps of an object.
type state struct {
	// What the program asked for.
	inputs *unstructured.Unstructured
	// The object as the server last showed it.
	live *unstructured.Unstructured
	// Under which name it is applied.
	manager string
}

func parseState(values property.Map) state {
	live := object(values.Delete(inputsKey, versionKey, managerKey))
	inputs := &unstructured.Unstructured{Object: map[string]any{}}
	if value := values.Get(inputsKey); value.IsMap() {
		inputs = object(value.AsMap())
	}
	return state{inputs: inputs, live: live, manager: text(values, managerKey)}
}

// properties is the state as the engine keeps it, what was secret in from secret again.
func (s state) properties(from property.Map) property.Map {
	inputs := keepSecrets(toProperties(s.inputs.Object), from)
	live := keepSecrets(toProperties(s.live.Object), from)
	return live.
		Set(inputsKey, property.New(inputs)).
		Set(versionKey, property.New(s.inputs.GetAPIVersion())).
		Set(managerKey, property.New(s.manager))
}

// identifier is the engine's name for an object: namespace/name, or name.
func identifier(object *unstructured.Unstructured) string {
	if namespace := object.GetNamespace(); namespace != "" {
		return namespace + "/" + object.GetName()
	}
	return object.GetName()
}
