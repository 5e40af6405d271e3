// Package v3: Go types of the projectcalico.org/v3 resources, written for the lab from the
// CRD schemas in github.com/projectcalico/calico/libcalico-go/config/crd.
package v3

import (
	k8sv1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/projectcalico/api/pkg/lib/numorstring"
)

const (
	Group               = "projectcalico.org"
	VersionCurrent      = "v3"
	GroupVersionCurrent = Group + "/" + VersionCurrent

	LabelPrefix            = "projectcalico.org/"
	LabelNamespace         = LabelPrefix + "namespace"
	LabelServiceAccount    = LabelPrefix + "serviceaccount"
	LabelOrchestrator      = LabelPrefix + "orchestrator"
	OrchestratorKubernetes = "k8s"
	OrchestratorCNI        = "cni"
	OrchestratorDocker     = "libnetwork"
	OrchestratorOpenStack  = "openstack"
	Enabled                = "Enabled"
	Disabled               = "Disabled"
)

// ---- policy ----

type (
	Action                string
	PolicyType            string
	PolicyPerformanceHint string
)

const (
	Allow Action = "Allow"
	Deny  Action = "Deny"
	Log   Action = "Log"
	Pass  Action = "Pass"

	PolicyTypeIngress PolicyType = "Ingress"
	PolicyTypeEgress  PolicyType = "Egress"

	PerfHintAssumeNeededOnEveryNode PolicyPerformanceHint = "AssumeNeededOnEveryNode"
)

type Rule struct {
	Action      Action                `json:"action"`
	IPVersion   *int                  `json:"ipVersion,omitempty" validate:"omitempty,ipVersion"`
	Protocol    *numorstring.Protocol `json:"protocol,omitempty" validate:"omitempty"`
	ICMP        *ICMPFields           `json:"icmp,omitempty" validate:"omitempty"`
	NotProtocol *numorstring.Protocol `json:"notProtocol,omitempty" validate:"omitempty"`
	NotICMP     *ICMPFields           `json:"notICMP,omitempty" validate:"omitempty"`
	Source      EntityRule            `json:"source,omitempty" validate:"omitempty"`
	Destination EntityRule            `json:"destination,omitempty" validate:"omitempty"`
	HTTP        *HTTPMatch            `json:"http,omitempty" validate:"omitempty"`
	Metadata    *RuleMetadata         `json:"metadata,omitempty" validate:"omitempty"`
}

type HTTPPath struct {
	Exact  string `json:"exact,omitempty"`
	Prefix string `json:"prefix,omitempty"`
}

type HTTPMatch struct {
	Methods []string   `json:"methods,omitempty"`
	Paths   []HTTPPath `json:"paths,omitempty"`
}

type ICMPFields struct {
	Type *int `json:"type,omitempty"`
	Code *int `json:"code,omitempty"`
}

type EntityRule struct {
	Nets              []string             `json:"nets,omitempty"`
	Selector          string               `json:"selector,omitempty"`
	NamespaceSelector string               `json:"namespaceSelector,omitempty"`
	Services          *ServiceMatch        `json:"services,omitempty"`
	Ports             []numorstring.Port   `json:"ports,omitempty"`
	NotNets           []string             `json:"notNets,omitempty"`
	NotSelector       string               `json:"notSelector,omitempty"`
	NotPorts          []numorstring.Port   `json:"notPorts,omitempty"`
	ServiceAccounts   *ServiceAccountMatch `json:"serviceAccounts,omitempty"`
}

type ServiceMatch struct {
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
}

type ServiceAccountMatch struct {
	Names    []string `json:"names,omitempty"`
	Selector string   `json:"selector,omitempty"`
}

type RuleMetadata struct {
	Annotations map[string]string `json:"annotations,omitempty"`
}

type NetworkPolicySpec struct {
	Order                  *float64                `json:"order,omitempty"`
	Ingress                []Rule                  `json:"ingress,omitempty"`
	Egress                 []Rule                  `json:"egress,omitempty"`
	Selector               string                  `json:"selector,omitempty"`
	Types                  []PolicyType            `json:"types,omitempty"`
	ServiceAccountSelector string                  `json:"serviceAccountSelector,omitempty"`
	PerformanceHints       []PolicyPerformanceHint `json:"performanceHints,omitempty"`
}

type GlobalNetworkPolicySpec struct {
	Order                  *float64                `json:"order,omitempty"`
	Ingress                []Rule                  `json:"ingress,omitempty"`
	Egress                 []Rule                  `json:"egress,omitempty"`
	Selector               string                  `json:"selector,omitempty"`
	Types                  []PolicyType            `json:"types,omitempty"`
	DoNotTrack             bool                    `json:"doNotTrack,omitempty"`
	PreDNAT                bool                    `json:"preDNAT,omitempty"`
	ApplyOnForward         bool                    `json:"applyOnForward,omitempty"`
	ServiceAccountSelector string                  `json:"serviceAccountSelector,omitempty"`
	NamespaceSelector      string                  `json:"namespaceSelector,omitempty"`
	PerformanceHints       []PolicyPerformanceHint `json:"performanceHints,omitempty"`
}

type ProfileSpec struct {
	Ingress       []Rule            `json:"ingress,omitempty"`
	Egress        []Rule            `json:"egress,omitempty"`
	LabelsToApply map[string]string `json:"labelsToApply,omitempty"`
}

type NetworkSetSpec struct {
	Nets []string `json:"nets,omitempty"`
}
type GlobalNetworkSetSpec struct {
	Nets []string `json:"nets,omitempty"`
}

// ---- endpoints ----

type EndpointPort struct {
	Name     string               `json:"name"`
	Protocol numorstring.Protocol `json:"protocol"`
	Port     uint16               `json:"port"`
}

type HostEndpointSpec struct {
	Node          string         `json:"node,omitempty"`
	InterfaceName string         `json:"interfaceName,omitempty"`
	ExpectedIPs   []string       `json:"expectedIPs,omitempty"`
	Profiles      []string       `json:"profiles,omitempty"`
	Ports         []EndpointPort `json:"ports,omitempty"`
}

// ---- IP pools ----

type (
	VXLANMode        string
	IPIPMode         string
	EncapMode        string
	IPPoolAllowedUse string
)

const (
	VXLANModeNever       VXLANMode = "Never"
	VXLANModeAlways      VXLANMode = "Always"
	VXLANModeCrossSubnet VXLANMode = "CrossSubnet"
	IPIPModeNever        IPIPMode  = "Never"
	IPIPModeAlways       IPIPMode  = "Always"
	IPIPModeCrossSubnet  IPIPMode  = "CrossSubnet"

	Undefined   EncapMode = ""
	Always      EncapMode = "always"
	CrossSubnet EncapMode = "cross-subnet"

	IPPoolAllowedUseWorkload IPPoolAllowedUse = "Workload"
	IPPoolAllowedUseTunnel   IPPoolAllowedUse = "Tunnel"
)

type IPPoolSpec struct {
	CIDR             string             `json:"cidr"`
	VXLANMode        VXLANMode          `json:"vxlanMode,omitempty"`
	IPIPMode         IPIPMode           `json:"ipipMode,omitempty"`
	NATOutgoing      bool               `json:"natOutgoing,omitempty"`
	Disabled         bool               `json:"disabled,omitempty"`
	DisableBGPExport bool               `json:"disableBGPExport,omitempty"`
	BlockSize        int                `json:"blockSize,omitempty"`
	NodeSelector     string             `json:"nodeSelector,omitempty"`
	IPIP             *IPIPConfiguration `json:"ipip,omitempty"`
	NATOutgoingV1    bool               `json:"nat-outgoing,omitempty"`
	AllowedUses      []IPPoolAllowedUse `json:"allowedUses,omitempty"`
}

type IPIPConfiguration struct {
	Enabled bool      `json:"enabled,omitempty"`
	Mode    EncapMode `json:"mode,omitempty"`
}

type IPReservationSpec struct {
	ReservedCIDRs []string `json:"reservedCIDRs,omitempty"`
}

// ---- BGP ----

type (
	BindMode               string
	SourceAddress          string
	BGPFilterAction        string
	BGPFilterMatchOperator string
	BGPFilterMatchSource   string
)

const (
	BindModeNone           BindMode      = "None"
	BindModeNodeIP         BindMode      = "NodeIP"
	SourceAddressUseNodeIP SourceAddress = "UseNodeIP"
	SourceAddressNone      SourceAddress = "None"

	Accept BGPFilterAction = "Accept"
	Reject BGPFilterAction = "Reject"

	Equal    BGPFilterMatchOperator = "Equal"
	NotEqual BGPFilterMatchOperator = "NotEqual"
	In       BGPFilterMatchOperator = "In"
	NotIn    BGPFilterMatchOperator = "NotIn"

	BGPFilterSourceRemotePeers BGPFilterMatchSource = "RemotePeers"
)

type ServiceExternalIPBlock struct {
	CIDR string `json:"cidr,omitempty"`
}
type ServiceClusterIPBlock struct {
	CIDR string `json:"cidr,omitempty"`
}
type ServiceLoadBalancerIPBlock struct {
	CIDR string `json:"cidr,omitempty"`
}
type Community struct {
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
}
type PrefixAdvertisement struct {
	CIDR        string   `json:"cidr,omitempty"`
	Communities []string `json:"communities,omitempty"`
}
type BGPPassword struct {
	SecretKeyRef *k8sv1.SecretKeySelector `json:"secretKeyRef,omitempty"`
}

type BGPConfigurationSpec struct {
	LogSeverityScreen      string                       `json:"logSeverityScreen,omitempty" confignamev1:"loglevel"`
	NodeToNodeMeshEnabled  *bool                        `json:"nodeToNodeMeshEnabled,omitempty" confignamev1:"node_mesh"`
	ASNumber               *numorstring.ASNumber        `json:"asNumber,omitempty" confignamev1:"as_num"`
	ServiceLoadBalancerIPs []ServiceLoadBalancerIPBlock `json:"serviceLoadBalancerIPs,omitempty" confignamev1:"svc_loadbalancer_ips"`
	ServiceExternalIPs     []ServiceExternalIPBlock     `json:"serviceExternalIPs,omitempty" confignamev1:"svc_external_ips"`
	ServiceClusterIPs      []ServiceClusterIPBlock      `json:"serviceClusterIPs,omitempty" confignamev1:"svc_cluster_ips"`
	Communities            []Community                  `json:"communities,omitempty" confignamev1:"communities"`
	PrefixAdvertisements   []PrefixAdvertisement        `json:"prefixAdvertisements,omitempty" confignamev1:"prefix_advertisements"`
	ListenPort             uint16                       `json:"listenPort,omitempty" confignamev1:"listen_port"`
	NodeMeshPassword       *BGPPassword                 `json:"nodeMeshPassword,omitempty" confignamev1:"node_mesh_password"`
	NodeMeshMaxRestartTime *metav1.Duration             `json:"nodeMeshMaxRestartTime,omitempty" confignamev1:"node_mesh_restart_time"`
	BindMode               *BindMode                    `json:"bindMode,omitempty"`
	IgnoredInterfaces      []string                     `json:"ignoredInterfaces,omitempty"`
}

type BGPPeerSpec struct {
	Node                     string               `json:"node,omitempty"`
	NodeSelector             string               `json:"nodeSelector,omitempty"`
	PeerIP                   string               `json:"peerIP,omitempty"`
	ASNumber                 numorstring.ASNumber `json:"asNumber,omitempty"`
	PeerSelector             string               `json:"peerSelector,omitempty"`
	KeepOriginalNextHop      bool                 `json:"keepOriginalNextHop,omitempty"`
	Password                 *BGPPassword         `json:"password,omitempty"`
	SourceAddress            SourceAddress        `json:"sourceAddress,omitempty"`
	MaxRestartTime           *metav1.Duration     `json:"maxRestartTime,omitempty"`
	NumAllowedLocalASNumbers *int32               `json:"numAllowedLocalASNumbers,omitempty"`
	TTLSecurity              *uint8               `json:"ttlSecurity,omitempty"`
	ReachableBy              string               `json:"reachableBy,omitempty"`
	Filters                  []string             `json:"filters,omitempty"`
}

type BGPFilterSpec struct {
	ExportV4 []BGPFilterRuleV4 `json:"exportV4,omitempty"`
	ImportV4 []BGPFilterRuleV4 `json:"importV4,omitempty"`
	ExportV6 []BGPFilterRuleV6 `json:"exportV6,omitempty"`
	ImportV6 []BGPFilterRuleV6 `json:"importV6,omitempty"`
}
type BGPFilterRuleV4 struct {
	CIDR          string                 `json:"cidr,omitempty"`
	MatchOperator BGPFilterMatchOperator `json:"matchOperator,omitempty"`
	Source        BGPFilterMatchSource   `json:"source,omitempty"`
	Interface     string                 `json:"interface,omitempty"`
	Action        BGPFilterAction        `json:"action"`
}
type BGPFilterRuleV6 struct {
	CIDR          string                 `json:"cidr,omitempty"`
	MatchOperator BGPFilterMatchOperator `json:"matchOperator,omitempty"`
	Source        BGPFilterMatchSource   `json:"source,omitempty"`
	Interface     string                 `json:"interface,omitempty"`
	Action        BGPFilterAction        `json:"action"`
}

// ---- cluster information ----

type ClusterInformationSpec struct {
	ClusterGUID    string `json:"clusterGUID,omitempty"`
	ClusterType    string `json:"clusterType,omitempty"`
	CalicoVersion  string `json:"calicoVersion,omitempty"`
	DatastoreReady *bool  `json:"datastoreReady,omitempty"`
	Variant        string `json:"variant,omitempty"`
}

// ---- kube controllers ----

type KubeControllersConfigurationSpec struct {
	LogSeverityScreen      string            `json:"logSeverityScreen,omitempty"`
	HealthChecks           string            `json:"healthChecks,omitempty"`
	EtcdV3CompactionPeriod *metav1.Duration  `json:"etcdV3CompactionPeriod,omitempty"`
	PrometheusMetricsPort  *int              `json:"prometheusMetricsPort,omitempty"`
	Controllers            ControllersConfig `json:"controllers"`
	DebugProfilePort       *int32            `json:"debugProfilePort,omitempty"`
}
type ControllersConfig struct {
	Node             *NodeControllerConfig             `json:"node,omitempty"`
	Policy           *PolicyControllerConfig           `json:"policy,omitempty"`
	WorkloadEndpoint *WorkloadEndpointControllerConfig `json:"workloadEndpoint,omitempty"`
	ServiceAccount   *ServiceAccountControllerConfig   `json:"serviceAccount,omitempty"`
	Namespace        *NamespaceControllerConfig        `json:"namespace,omitempty"`
}
type NodeControllerConfig struct {
	ReconcilerPeriod *metav1.Duration        `json:"reconcilerPeriod,omitempty"`
	SyncLabels       string                  `json:"syncLabels,omitempty"`
	HostEndpoint     *AutoHostEndpointConfig `json:"hostEndpoint,omitempty"`
	LeakGracePeriod  *metav1.Duration        `json:"leakGracePeriod,omitempty"`
}
type AutoHostEndpointConfig struct {
	AutoCreate string `json:"autoCreate,omitempty"`
}
type PolicyControllerConfig struct {
	ReconcilerPeriod *metav1.Duration `json:"reconcilerPeriod,omitempty"`
}
type WorkloadEndpointControllerConfig struct {
	ReconcilerPeriod *metav1.Duration `json:"reconcilerPeriod,omitempty"`
}
type ServiceAccountControllerConfig struct {
	ReconcilerPeriod *metav1.Duration `json:"reconcilerPeriod,omitempty"`
}
type NamespaceControllerConfig struct {
	ReconcilerPeriod *metav1.Duration `json:"reconcilerPeriod,omitempty"`
}
type KubeControllersConfigurationStatus struct {
	RunningConfig   KubeControllersConfigurationSpec `json:"runningConfig,omitempty"`
	EnvironmentVars map[string]string                `json:"environmentVars,omitempty"`
}

// ---- node status ----

type (
	BGPDaemonState            string
	NodeStatusClassType       string
	BGPPeerType               string
	BGPSessionState           string
	CalicoNodeRouteType       string
	CalicoNodeRouteSourceType string
)

const (
	BGPDaemonStateReady    BGPDaemonState = "Ready"
	BGPDaemonStateNotReady BGPDaemonState = "NotReady"

	NodeStatusClassTypeAgent  NodeStatusClassType = "Agent"
	NodeStatusClassTypeBGP    NodeStatusClassType = "BGP"
	NodeStatusClassTypeRoutes NodeStatusClassType = "Routes"

	BGPPeerTypeNodeMesh   BGPPeerType = "NodeMesh"
	BGPPeerTypeNodePeer   BGPPeerType = "NodePeer"
	BGPPeerTypeGlobalPeer BGPPeerType = "GlobalPeer"

	BGPSessionStateIdle        BGPSessionState = "Idle"
	BGPSessionStateConnect     BGPSessionState = "Connect"
	BGPSessionStateActive      BGPSessionState = "Active"
	BGPSessionStateOpenSent    BGPSessionState = "OpenSent"
	BGPSessionStateOpenConfirm BGPSessionState = "OpenConfirm"
	BGPSessionStateEstablished BGPSessionState = "Established"
	BGPSessionStateClose       BGPSessionState = "Close"

	RouteTypeFIB CalicoNodeRouteType = "FIB"
	RouteTypeRIB CalicoNodeRouteType = "RIB"

	RouteSourceTypeKernel   CalicoNodeRouteSourceType = "Kernel"
	RouteSourceTypeStatic   CalicoNodeRouteSourceType = "Static"
	RouteSourceTypeDirect   CalicoNodeRouteSourceType = "Direct"
	RouteSourceTypeNodeMesh CalicoNodeRouteSourceType = "NodeMesh"
	RouteSourceTypeBGPPeer  CalicoNodeRouteSourceType = "BGPPeer"
)

type CalicoNodeStatusSpec struct {
	Node                string                `json:"node,omitempty"`
	Classes             []NodeStatusClassType `json:"classes,omitempty"`
	UpdatePeriodSeconds *uint32               `json:"updatePeriodSeconds,omitempty"`
}
type CalicoNodeStatusStatus struct {
	LastUpdated metav1.Time              `json:"lastUpdated,omitempty"`
	Agent       CalicoNodeAgentStatus    `json:"agent,omitempty"`
	BGP         CalicoNodeBGPStatus      `json:"bgp,omitempty"`
	Routes      CalicoNodeBGPRouteStatus `json:"routes,omitempty"`
}
type CalicoNodeAgentStatus struct {
	BIRDV4 BGPDaemonStatus `json:"birdV4,omitempty"`
	BIRDV6 BGPDaemonStatus `json:"birdV6,omitempty"`
}
type BGPDaemonStatus struct {
	State                   BGPDaemonState `json:"state,omitempty"`
	Version                 string         `json:"version,omitempty"`
	LastBootTime            string         `json:"lastBootTime,omitempty"`
	LastReconfigurationTime string         `json:"lastReconfigurationTime,omitempty"`
	RouterID                string         `json:"routerID,omitempty"`
}
type CalicoNodeBGPStatus struct {
	NumberEstablishedV4    int              `json:"numberEstablishedV4"`
	NumberEstablishedV6    int              `json:"numberEstablishedV6"`
	NumberNotEstablishedV4 int              `json:"numberNotEstablishedV4"`
	NumberNotEstablishedV6 int              `json:"numberNotEstablishedV6"`
	PeersV4                []CalicoNodePeer `json:"peersV4,omitempty"`
	PeersV6                []CalicoNodePeer `json:"peersV6,omitempty"`
}
type CalicoNodePeer struct {
	PeerIP string          `json:"peerIP,omitempty"`
	Type   BGPPeerType     `json:"type,omitempty"`
	State  BGPSessionState `json:"state,omitempty"`
	Since  string          `json:"since,omitempty"`
}
type CalicoNodeBGPRouteStatus struct {
	RoutesV4 []CalicoNodeRoute `json:"routesV4,omitempty"`
	RoutesV6 []CalicoNodeRoute `json:"routesV6,omitempty"`
}
type CalicoNodeRoute struct {
	Type        CalicoNodeRouteType        `json:"type,omitempty"`
	Destination string                     `json:"destination,omitempty"`
	Gateway     string                     `json:"gateway,omitempty"`
	Interface   string                     `json:"interface,omitempty"`
	LearnedFrom CalicoNodeRouteLearnedFrom `json:"learnedFrom,omitempty"`
}
type CalicoNodeRouteLearnedFrom struct {
	SourceType CalicoNodeRouteSourceType `json:"sourceType,omitempty"`
	PeerIP     string                    `json:"peerIP,omitempty"`
}

// ---- felix helper types ----

type (
	IptablesBackend                string
	AWSSrcDstCheckOption           string
	FloatingIPType                 string
	BPFConnectTimeLBType           string
	BPFHostNetworkedNATType        string
	WindowsManageFirewallRulesMode string
)

const (
	IptablesBackendLegacy   = "Legacy"
	IptablesBackendNFTables = "NFT"
	IptablesBackendAuto     = "Auto"

	AWSSrcDstCheckOptionDoNothing AWSSrcDstCheckOption = "DoNothing"
	AWSSrcDstCheckOptionEnable    AWSSrcDstCheckOption = "Enable"
	AWSSrcDstCheckOptionDisable   AWSSrcDstCheckOption = "Disable"

	FloatingIPsEnabled  FloatingIPType = "Enabled"
	FloatingIPsDisabled FloatingIPType = "Disabled"

	BPFConnectTimeLBTCP      BPFConnectTimeLBType = "TCP"
	BPFConnectTimeLBEnabled  BPFConnectTimeLBType = "Enabled"
	BPFConnectTimeLBDisabled BPFConnectTimeLBType = "Disabled"

	BPFHostNetworkedNATEnabled  BPFHostNetworkedNATType = "Enabled"
	BPFHostNetworkedNATDisabled BPFHostNetworkedNATType = "Disabled"
)

type RouteTableRange struct {
	Min int `json:"min"`
	Max int `json:"max"`
}
type RouteTableIDRange struct {
	Min int `json:"min"`
	Max int `json:"max"`
}
type RouteTableRanges []RouteTableIDRange

func (r RouteTableRanges) NumDesignatedTables() int {
	n := 0
	for _, x := range r {
		n += x.Max - x.Min + 1
	}
	return n
}

type ProtoPort struct {
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
	Net      string `json:"net,omitempty"`
}
type HealthTimeoutOverride struct {
	Name    string          `json:"name"`
	Timeout metav1.Duration `json:"timeout"`
}
