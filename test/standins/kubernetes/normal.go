package main

import (
	"encoding/base64"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// normalize changes a Secret to the form that the server returns: stringData is write-only and would always differ.
func normalize(asked *unstructured.Unstructured) {
	texts, ok := asked.Object["stringData"].(map[string]any)
	if !ok || asked.GetAPIVersion() != "v1" || asked.GetKind() != "Secret" {
		return
	}
	data, ok := asked.Object["data"].(map[string]any)
	if !ok {
		data = map[string]any{}
	}
	for key, content := range texts {
		if text, ok := content.(string); ok {
			data[key] = base64.StdEncoding.EncodeToString([]byte(text))
		} else {
			data[key] = content // not known yet
		}
	}
	asked.Object["data"] = data
	delete(asked.Object, "stringData")
}

// absent reports whether a field is empty: the server leaves out empty fields.
func absent(field any) bool {
	switch field := field.(type) {
	case nil:
		return true
	case map[string]any:
		return len(field) == 0
	case []any:
		return len(field) == 0
	}
	return false
}
