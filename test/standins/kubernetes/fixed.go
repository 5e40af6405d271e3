package main

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// identity lists the fields that identify an object.
var identity = []string{"metadata.name", "metadata.namespace"}

// immutable lists the fields whose change replaces the object, as in Pulumi's plug-in. The server allows fewer changes of
// Pods than of their templates.
var immutable = map[string][]string{
	"DaemonSet":   {"spec.selector"},
	"Deployment":  {"spec.selector"},
	"StatefulSet": {"spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"},
	"Job":         {"spec.completions", "spec.parallelism", "spec.selector", "spec.template"},
	"Pod": {
		"spec.affinity", "spec.containers", "spec.dnsConfig", "spec.dnsPolicy", "spec.hostNetwork", "spec.hostPID",
		"spec.hostname", "spec.initContainers", "spec.nodeName", "spec.nodeSelector", "spec.priorityClassName",
		"spec.restartPolicy", "spec.securityContext", "spec.serviceAccountName", "spec.terminationGracePeriodSeconds",
		"spec.volumes",
	},
	"PersistentVolumeClaim": {"spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"},
	"ClusterRoleBinding":    {"roleRef"},
	"RoleBinding":           {"roleRef"},
	"Service":               {"spec.clusterIP"},
	"StorageClass":          {"parameters", "provisioner"},
	"ResourceQuota":         {"spec.scopes"},
	"PersistentVolume":      {"spec.csi", "spec.hostPath", "spec.local", "spec.nfs"},
}

var builtIn = map[string]bool{
	"": true, "apps": true, "batch": true, "rbac.authorization.k8s.io": true, "storage.k8s.io": true,
}

// fixedFields are the fields of this object that cannot change in place.
func (k *provider) fixedFields(object *unstructured.Unstructured) []string {
	kind := object.GroupVersionKind()
	fields := append([]string{}, identity...)
	if !builtIn[kind.Group] {
		return fields
	}
	isImmutable, _ := object.Object["immutable"].(bool)
	switch {
	case kind.Group == "" && kind.Kind == "ConfigMap":
		// Programs read the content only when they start: a new object restarts them.
		if isImmutable || !k.settings.mutableConfigMap {
			fields = append(fields, "binaryData", "data")
		}
	case kind.Group == "" && kind.Kind == "Secret":
		fields = append(fields, "type")
		if isImmutable || !k.settings.mutableSecret {
			fields = append(fields, "stringData", "data")
		}
	default:
		fields = append(fields, immutable[kind.Kind]...)
	}
	return fields
}
