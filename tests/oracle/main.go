// Command sops-oracle answers questions about many files in one process: what the packages of the
// real sops make of each. A process of sops for every file would take longer than all else in the
// tests.
//
// A question is a line and so many bytes of a file:
//
//	OPERATION FORMAT INDENT MAC-ONLY SELECTOR TEXT-OF-SELECTOR LENGTH
//
// plain reads a plain file, encrypt encrypts one, decrypt decrypts an encrypted one. FORMAT and
// SELECTOR are spelled as in sops; the text is in hexadecimal behind an 'x'. Data keys are always
// 32 times the byte 7: how they are wrapped is tested elsewhere.
//
// An answer is a line and what it announces:
//
//	ok LENGTH LENGTH        the tree (see dump) and the file that is written: plain, encrypted, plain
//	refused CODE LENGTH     the exit code of sops and its message
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/codes"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/stores/dotenv"
	"github.com/getsops/sops/v3/stores/ini"
	"github.com/getsops/sops/v3/stores/json"
	"github.com/getsops/sops/v3/stores/yaml"
	"github.com/getsops/sops/v3/version"
	"github.com/sirupsen/logrus"
)

var dataKey = bytes.Repeat([]byte{7}, 32)

type question struct {
	operation string
	format    string
	indent    int
	macOnly   bool
	selector  string
	text      string
	file      []byte
}

type answer struct {
	tree, file []byte
}

type refusal struct {
	code    int
	message string
}

func (r refusal) Error() string { return r.message }

func refuse(code int, err error) error {
	return refusal{code, err.Error()}
}

type store interface {
	sops.Store
}

func (q question) store() (store, error) {
	switch q.format {
	case "binary":
		return json.NewBinaryStore(&config.JSONBinaryStoreConfig{Indent: -1}), nil
	case "dotenv":
		return dotenv.NewStore(&config.DotenvStoreConfig{}), nil
	case "ini":
		return ini.NewStore(&config.INIStoreConfig{}), nil
	case "json":
		return json.NewStore(&config.JSONStoreConfig{Indent: q.indent}), nil
	case "yaml":
		return yaml.NewStore(&config.YAMLStoreConfig{Indent: q.indent}), nil
	}
	return nil, fmt.Errorf("unknown format %q", q.format)
}

func (q question) answer() (result answer, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = refusal{-1, fmt.Sprintf("panic: %v", fault)}
		}
	}()
	s, err := q.store()
	if err != nil {
		return answer{}, err
	}
	switch q.operation {
	case "plain":
		return q.plain(s)
	case "encrypt":
		return q.encrypt(s)
	case "decrypt":
		return q.decrypt(s)
	}
	return answer{}, fmt.Errorf("unknown operation %q", q.operation)
}

func (q question) plain(s store) (answer, error) {
	branches, err := s.LoadPlainFile(q.file)
	if err != nil {
		return answer{}, refuse(codes.CouldNotReadInputFile, err)
	}
	if len(branches) == 0 {
		return answer{}, refusal{codes.NeedAtLeastOneDocument, "no document"}
	}
	if s.HasSopsTopLevelKey(branches[0]) {
		return answer{}, refusal{codes.FileAlreadyEncrypted, "encrypted already"}
	}
	return written(s, branches)
}

// The tree of a plain file, and the file.
func written(s store, branches sops.TreeBranches) (answer, error) {
	tree, err := dump(branches)
	if err != nil {
		return answer{}, refuse(codes.ErrorEncryptingTree, err)
	}
	file, err := s.EmitPlainFile(branches)
	if err != nil {
		return answer{}, refuse(codes.ErrorDumpingTree, err)
	}
	return answer{tree, file}, nil
}

func (q question) encrypt(s store) (answer, error) {
	branches, err := s.LoadPlainFile(q.file)
	if err != nil {
		return answer{}, refuse(codes.CouldNotReadInputFile, err)
	}
	if len(branches) == 0 {
		return answer{}, refusal{codes.NeedAtLeastOneDocument, "no document"}
	}
	if s.HasSopsTopLevelKey(branches[0]) {
		return answer{}, refusal{codes.FileAlreadyEncrypted, "encrypted already"}
	}
	tree := sops.Tree{Branches: branches, Metadata: q.metadata()}
	cipher := aes.NewCipher()
	mac, err := tree.Encrypt(dataKey, cipher)
	if err != nil {
		return answer{}, refuse(codes.ErrorEncryptingTree, err)
	}
	tree.Metadata.LastModified = time.Unix(1_700_000_000, 0).UTC()
	under := tree.Metadata.LastModified.Format(time.RFC3339)
	tree.Metadata.MessageAuthenticationCode, err = cipher.Encrypt(mac, dataKey, under)
	if err != nil {
		return answer{}, refuse(codes.ErrorEncryptingMac, err)
	}
	file, err := s.EmitEncryptedFile(tree)
	if err != nil {
		return answer{}, refuse(codes.ErrorDumpingTree, err)
	}
	return answer{nil, file}, nil
}

func (q question) metadata() sops.Metadata {
	recipient := &age.MasterKey{Recipient: "age1recipient", EncryptedKey: "no key\n"}
	metadata := sops.Metadata{
		KeyGroups:        []sops.KeyGroup{{keys.MasterKey(recipient)}},
		MACOnlyEncrypted: q.macOnly,
		Version:          version.Version,
	}
	switch q.selector {
	case "unencrypted_suffix":
		metadata.UnencryptedSuffix = q.text
	case "encrypted_suffix":
		metadata.EncryptedSuffix = q.text
	case "unencrypted_regex":
		metadata.UnencryptedRegex = q.text
	case "encrypted_regex":
		metadata.EncryptedRegex = q.text
	case "unencrypted_comment_regex":
		metadata.UnencryptedCommentRegex = q.text
	case "encrypted_comment_regex":
		metadata.EncryptedCommentRegex = q.text
	}
	return metadata
}

func (q question) decrypt(s store) (answer, error) {
	tree, err := s.LoadEncryptedFile(q.file)
	if err != nil {
		return answer{}, refuse(codes.CouldNotReadInputFile, err)
	}
	cipher := aes.NewCipher()
	mac, err := tree.Decrypt(dataKey, cipher)
	if err != nil {
		return answer{}, refuse(codes.ErrorDecryptingTree, err)
	}
	under := tree.Metadata.LastModified.Format(time.RFC3339)
	stored, err := cipher.Decrypt(tree.Metadata.MessageAuthenticationCode, dataKey, under)
	if err != nil {
		return answer{}, refuse(codes.MacMismatch, err)
	}
	if stored != mac {
		return answer{}, refusal{codes.MacMismatch, "MAC mismatch"}
	}
	return written(s, tree.Branches)
}

// dump shows a tree: maps in braces, lists in brackets, texts in hexadecimal.
func dump(branches sops.TreeBranches) ([]byte, error) {
	var out strings.Builder
	for _, branch := range branches {
		if err := dumpValue(&out, branch); err != nil {
			return nil, err
		}
		out.WriteByte('\n')
	}
	return []byte(out.String()), nil
}

func dumpValue(out *strings.Builder, value interface{}) error {
	switch value := value.(type) {
	case sops.TreeBranch:
		out.WriteByte('{')
		for _, item := range value {
			switch key := item.Key.(type) {
			case sops.Comment:
				dumpComment(out, key)
			case string:
				fmt.Fprintf(out, "k%x:", key)
				if err := dumpValue(out, item.Value); err != nil {
					return err
				}
			default:
				return fmt.Errorf("a key is of type %T", key)
			}
		}
		out.WriteByte('}')
	case []interface{}:
		out.WriteByte('[')
		for _, item := range value {
			if comment, ok := item.(sops.Comment); ok {
				dumpComment(out, comment)
			} else if err := dumpValue(out, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	case string:
		fmt.Fprintf(out, "s%x ", value)
	case int:
		fmt.Fprintf(out, "i%d ", value)
	case int64:
		fmt.Fprintf(out, "i%d ", value)
	case float64:
		if math.IsNaN(value) {
			out.WriteString("fnan ")
		} else {
			fmt.Fprintf(out, "f%016x ", math.Float64bits(value))
		}
	case bool:
		fmt.Fprintf(out, "b%t ", value)
	case time.Time:
		fmt.Fprintf(out, "t%s ", value.Format(time.RFC3339Nano))
	case nil:
		out.WriteString("n ")
	default:
		return fmt.Errorf("a value is of type %T", value)
	}
	return nil
}

func dumpComment(out *strings.Builder, comment sops.Comment) {
	if comment.Inline {
		fmt.Fprintf(out, "I%x ", comment.Value)
	} else {
		fmt.Fprintf(out, "C%x ", comment.Value)
	}
}

func read(in *bufio.Reader) (question, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return question{}, err
	}
	words := strings.Fields(line)
	if len(words) != 7 {
		return question{}, fmt.Errorf("%d words: %q", len(words), line)
	}
	indent, err := strconv.Atoi(words[2])
	if err != nil {
		return question{}, err
	}
	text, err := hex.DecodeString(strings.TrimPrefix(words[5], "x"))
	if err != nil {
		return question{}, err
	}
	length, err := strconv.Atoi(words[6])
	if err != nil {
		return question{}, err
	}
	file := make([]byte, length)
	if _, err := io.ReadFull(in, file); err != nil {
		return question{}, err
	}
	return question{words[0], words[1], indent, words[3] == "true", words[4], string(text), file}, nil
}

func main() {
	logrus.SetOutput(io.Discard)
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	for {
		q, err := read(in)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "sops-oracle: %s\n", err)
			os.Exit(1)
		}
		result, err := q.answer()
		var no refusal
		switch {
		case errors.As(err, &no):
			fmt.Fprintf(out, "refused %d %d\n%s", no.code, len(no.message), no.message)
		case err != nil:
			fmt.Fprintf(os.Stderr, "sops-oracle: %s\n", err)
			os.Exit(1)
		default:
			fmt.Fprintf(out, "ok %d %d\n%s%s", len(result.tree), len(result.file), result.tree, result.file)
		}
		if err := out.Flush(); err != nil {
			os.Exit(1)
		}
	}
}
