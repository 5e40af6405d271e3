package main

import (
	"reflect"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// change is one difference between two objects.
type change struct {
	path resource.PropertyPath
	kind p.DiffKind
	// The value that was added or removed, if the difference is above the leaves.
	content any
}

// changed holds the differences by their paths.
type changed map[string]change

func (c changed) add(path []any, kind p.DiffKind, content any) {
	at := append(resource.PropertyPath{}, path...)
	for i, step := range at {
		if name, ok := step.(string); ok {
			at[i] = toUnderscores(name)
		}
	}
	c[at.String()] = change{path: at, kind: kind, content: content}
}

// compare descends to the first difference on each path. A field that is null or empty counts as absent.
func (c changed) compare(path []any, before, after any) {
	switch {
	case (before == nil || after == nil) && absent(before) && absent(after):
		return
	case before == nil:
		c.add(path, p.Add, after)
		return
	case after == nil:
		c.add(path, p.Delete, before)
		return
	}
	switch after := after.(type) {
	case map[string]any:
		if before, ok := before.(map[string]any); ok {
			for name := range before {
				c.compare(append(path, name), before[name], after[name])
			}
			for name := range after {
				if _, ok := before[name]; !ok {
					c.compare(append(path, name), nil, after[name])
				}
			}
			return
		}
	case []any:
		if before, ok := before.([]any); ok {
			for i := range max(len(before), len(after)) {
				c.compare(append(path, i), at(before, i), at(after, i))
			}
			return
		}
	}
	if _, isUnknown := after.(unknown); isUnknown || !reflect.DeepEqual(before, after) {
		c.add(path, p.Update, after)
	}
}

func at(list []any, index int) any {
	if index < len(list) {
		return list[index]
	}
	return nil
}

// touches reports whether one of these fields is at, above or below the change.
func (c change) touches(fields []string) bool {
	for _, field := range fields {
		names := strings.Split(field, ".")
		common := min(len(names), len(c.path))
		same := true
		for i, name := range names[:common] {
			same = same && c.path[i] == any(name)
		}
		if !same {
			continue
		}
		if len(names) <= len(c.path) {
			return true
		}
		if content, ok := c.content.(map[string]any); ok && value(content, names[common:]...) != nil {
			return true
		}
	}
	return false
}
