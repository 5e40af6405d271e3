package remote

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Connection says how to reach the machine.
type Connection struct {
	Endpoint
	Proxy *Proxy `pulumi:"proxy,optional"`
}

// Proxy is the machine through which to connect.
type Proxy struct{ Endpoint }

// Endpoint is an SSH server and a login on it.
type Endpoint struct {
	Host               *string  `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	// How many attempts may fail before the dial fails; -1 for any number.
	DialErrorLimit *int `pulumi:"dialErrorLimit,optional"`
	// Time limit, in seconds, for one attempt to reach the port; 0 for no limit.
	PerDialTimeout *int `pulumi:"perDialTimeout,optional"`
	// As in known_hosts, `ssh-ed25519 AAAA…`; when absent, any key is accepted.
	HostKey *string `pulumi:"hostKey,optional"`
}

// Annotate sets the defaults of Pulumi's plug-in.
func (c *Connection) Annotate(a infer.Annotator) { c.annotate(a) }

// Annotate sets the defaults of Pulumi's plug-in.
func (c *Proxy) Annotate(a infer.Annotator) { c.annotate(a) }

func (e *Endpoint) annotate(a infer.Annotator) {
	a.SetDefault(&e.User, "root")
	a.SetDefault(&e.Port, 22)
	a.SetDefault(&e.DialErrorLimit, 10)
	a.SetDefault(&e.PerDialTimeout, 15)
}

func (e *Endpoint) address() string {
	return net.JoinHostPort(*e.Host, strconv.Itoa(int(*e.Port)))
}

func (e *Endpoint) config() (*ssh.ClientConfig, error) {
	config := &ssh.ClientConfig{
		User:            *e.User,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Timeout:         time.Duration(*e.PerDialTimeout) * time.Second,
	}
	if e.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
		if err != nil {
			return nil, fmt.Errorf("failed to parse host key: %w", err)
		}
		// A server has keys of several types: ask for the type that we know.
		config.HostKeyCallback, config.HostKeyAlgorithms = ssh.FixedHostKey(key), []string{key.Type()}
	}
	if e.PrivateKey != nil {
		signer, err := e.signer()
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*e.Password), ssh.KeyboardInteractive(e.answer))
	}
	path := os.Getenv("SSH_AUTH_SOCK")
	if e.AgentSocketPath != nil {
		path = *e.AgentSocketPath
	}
	if path != "" {
		socket, err := net.Dial("unix", path)
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(socket).Signers))
	}
	return config, nil
}

func (e *Endpoint) signer() (ssh.Signer, error) {
	if e.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*e.PrivateKey), []byte(*e.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*e.PrivateKey))
}

// answer answers every question with the password: servers that ask for a password this way ask for nothing else.
func (e *Endpoint) answer(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range answers {
		answers[i] = *e.Password
	}
	return answers, nil
}
