// Judges light blocks with CometBFT's own light client: a line of JSON in, a line out that is empty or says what is wrong.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/light"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

type block struct {
	SignedHeader json.RawMessage `json:"signed_header"`
	Validators   json.RawMessage `json:"validators"`
}

type question struct {
	Trusted block `json:"trusted"`
	New     block `json:"new"`
	Now     int64 `json:"now"`
	Period  int64 `json:"period"`
	Drift   int64 `json:"drift"`
}

// read takes a light block the way one comes from another node: the set is made from its protobuf form.
func (given block) read() (*types.LightBlock, error) {
	var header types.SignedHeader
	if err := cmtjson.Unmarshal(given.SignedHeader, &header); err != nil {
		return nil, err
	}
	var validators []*types.Validator
	if err := cmtjson.Unmarshal(given.Validators, &validators); err != nil {
		return nil, err
	}
	set := &cmtproto.ValidatorSet{}
	for _, validator := range validators {
		made, err := validator.ToProto()
		if err != nil {
			return nil, err
		}
		set.Validators = append(set.Validators, made)
	}
	if len(set.Validators) > 0 {
		set.Proposer = set.Validators[0]
	}
	read, err := types.ValidatorSetFromProto(set)
	if err != nil {
		return nil, err
	}
	return &types.LightBlock{SignedHeader: &header, ValidatorSet: read}, nil
}

func judge(asked question) error {
	trusted, err := asked.Trusted.read()
	if err != nil {
		return fmt.Errorf("trusted: %w", err)
	}
	given, err := asked.New.read()
	if err != nil {
		return err
	}
	if err := given.ValidateBasic(trusted.ChainID); err != nil {
		return err
	}
	err = light.Verify(trusted.SignedHeader, trusted.ValidatorSet, given.SignedHeader, given.ValidatorSet,
		time.Duration(asked.Period), time.Unix(0, asked.Now), time.Duration(asked.Drift), light.DefaultTrustLevel)
	var far light.ErrNewValSetCantBeTrusted
	if errors.As(err, &far) {
		return fmt.Errorf("trust: %w", err)
	}
	return err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		said := ""
		if err := judge(asked); err != nil {
			said = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(said)
	}
}
