package main

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// unknown is, in a plain value, a part that the engine does not know yet in a preview.
type unknown struct{}

// dashed is the prefix of schema keywords in which the SDKs write underscores instead of dashes.
const dashed = "x-kubernetes-"

var underscored = strings.ReplaceAll(dashed, "-", "_")

func toDashes(key string) string {
	if strings.HasPrefix(key, underscored) {
		return strings.ReplaceAll(key, "_", "-")
	}
	return key
}

func toUnderscores(key string) string {
	if strings.HasPrefix(key, dashed) {
		return strings.ReplaceAll(key, "-", "_")
	}
	return key
}

// plain converts a value to a JSON value, with its secrets in plain text.
func plain(value property.Value) any {
	switch {
	case value.IsComputed():
		return unknown{}
	case value.IsBool():
		return value.AsBool()
	case value.IsNumber():
		// An API server distinguishes 1 and 1.0 where its schema says integer.
		if number := value.AsNumber(); number == float64(int64(number)) {
			return int64(number)
		}
		return value.AsNumber()
	case value.IsString():
		return value.AsString()
	case value.IsArray():
		list := make([]any, 0, value.AsArray().Len())
		for _, element := range value.AsArray().All {
			list = append(list, plain(element))
		}
		return list
	case value.IsMap():
		return plainMap(value.AsMap())
	}
	return nil
}

func plainMap(values property.Map) map[string]any {
	result := make(map[string]any, values.Len())
	for key, value := range values.All {
		result[toDashes(key)] = plain(value)
	}
	return result
}

func object(values property.Map) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: plainMap(values)}
}

// toProperty is the inverse of plain.
func toProperty(value any) property.Value {
	switch value := value.(type) {
	case unknown:
		return property.New(property.Computed)
	case bool:
		return property.New(value)
	case int64:
		return property.New(float64(value))
	case float64:
		return property.New(value)
	case string:
		return property.New(value)
	case []any:
		list := make([]property.Value, len(value))
		for i, element := range value {
			list[i] = toProperty(element)
		}
		return property.New(list)
	case map[string]any:
		return property.New(toProperties(value))
	}
	return property.New(property.Null)
}

func toProperties(values map[string]any) property.Map {
	result := make(map[string]property.Value, len(values))
	for key, value := range values {
		result[toUnderscores(key)] = toProperty(value)
	}
	return property.NewMap(result)
}

// keepSecrets marks in outs what is secret in ins, as deep as both are maps, and always the contents of a Secret.
func keepSecrets(outs, ins property.Map) property.Map {
	isSecret := outs.Get("kind").IsString() && outs.Get("kind").AsString() == "Secret"
	for key, out := range outs.All {
		in, ok := ins.GetOk(key)
		switch {
		case isSecret && (key == "data" || key == "stringData"):
			outs = outs.Set(key, out.WithSecret(true))
		case !ok:
		case in.Secret() || (in.HasSecrets() && !(in.IsMap() && out.IsMap())):
			outs = outs.Set(key, out.WithSecret(true))
		case in.HasSecrets():
			outs = outs.Set(key, property.WithGoValue(out, keepSecrets(out.AsMap(), in.AsMap())))
		}
	}
	return outs
}
