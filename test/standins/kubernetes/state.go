package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The keys of the state besides the object itself. They have the names of Pulumi's plug-in, which could continue with it.
const (
	inputsKey  = "__inputs"
	versionKey = "__initialApiVersion"
	managerKey = "__fieldManager"
)

// state is what the engine stores for an object.
type state struct {
	// The program's inputs.
	inputs *unstructured.Unstructured
	// The object as the server last returned it.
	live *unstructured.Unstructured
	// The field manager with which it is applied.
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

// properties is the state in the engine's form. What was secret in from is secret again.
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
