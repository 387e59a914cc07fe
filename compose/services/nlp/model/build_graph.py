"""Writes the ONNX graph of a BERT sentence encoder from its weights.

Runs once, while the image is built. The graph holds the whole way from token ids to a unit vector: encoder, mean over
the tokens that are not padding, L2 norm. It uses ONNX Runtime's fused operators (Attention, SkipLayerNormalization,
BiasGelu), which its own optimiser would arrive at, so that loading needs no optimisation pass.

Usage: build_graph.py SOURCE TARGET [EXPORTED], the first two folders; TARGET gets model.onnx, weights.bin,
tokenizer.json, encoder.json. SOURCE holds the settings, the tokenizer and model.safetensors. EXPORTED is a graph as
PyTorch exports it, of another model of the same width and vocabulary, whose weights are taken instead.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

Weights = dict[str, NDArray[np.float32]]


class Graph:
    """Collects nodes and weights; every node has one output, whose name is answered."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def weight(self, name: str, value: NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, *, fused: bool = False, **attributes: float) -> str:
        domain = "com.microsoft" if fused else ""
        self.nodes.append(helper.make_node(operator, inputs, [output], None, None, domain, None, **attributes))
        return output


def encoder_layer(
    graph: Graph, weights: Weights, index: int, hidden: str, mask: str, heads: int, epsilon: float
) -> str:
    """Appends one transformer layer; answers the name of its output, float32 [batch, tokens, hidden]."""
    source, name = f"encoder.layer.{index}", f"layer{index}"

    def put(path: str, *, transpose: bool = False) -> str:
        value = weights[f"{source}.{path}"]
        return graph.weight(f"{name}.{path}", value.T if transpose else value)

    projections = ("query", "key", "value")
    qkv = np.concatenate([weights[f"{source}.attention.self.{p}.weight"].T for p in projections], axis=1)
    qkv_bias = np.concatenate([weights[f"{source}.attention.self.{p}.bias"] for p in projections])
    inputs = [hidden, graph.weight(f"{name}.qkv", qkv), graph.weight(f"{name}.qkv_bias", qkv_bias), mask]
    attended = graph.node("Attention", inputs, f"{name}.attended", fused=True, num_heads=heads)
    projected = graph.node(
        "MatMul", [attended, put("attention.output.dense.weight", transpose=True)], f"{name}.projected"
    )
    gamma, beta = put("attention.output.LayerNorm.weight"), put("attention.output.LayerNorm.bias")
    residual = graph.node(
        "SkipLayerNormalization",
        [projected, hidden, gamma, beta, put("attention.output.dense.bias")],
        f"{name}.residual",
        fused=True,
        epsilon=epsilon,
    )
    widened = graph.node("MatMul", [residual, put("intermediate.dense.weight", transpose=True)], f"{name}.widened")
    activated = graph.node("BiasGelu", [widened, put("intermediate.dense.bias")], f"{name}.activated", fused=True)
    narrowed = graph.node("MatMul", [activated, put("output.dense.weight", transpose=True)], f"{name}.narrowed")
    gamma, beta = put("output.LayerNorm.weight"), put("output.LayerNorm.bias")
    return graph.node(
        "SkipLayerNormalization",
        [narrowed, residual, gamma, beta, put("output.dense.bias")],
        f"{name}.output",
        fused=True,
        epsilon=epsilon,
    )


def exported_weights(path: Path) -> Weights:
    """The weights in a graph that PyTorch exported, under the names that they had before.

    Vectors kept their names. Matrices lost them to constants, and were transposed, but the operator that multiplies
    with one is still named after its place.
    """
    graph = onnx.load(path).graph
    values = {item.name: numpy_helper.to_array(item) for item in graph.initializer}

    def plain(name: str) -> str:
        return name[name.index("embeddings." if ".embeddings." in name else "encoder.") :]

    weights: Weights = {plain(name): value for name, value in values.items() if "auto_model" in name}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in values:
            weights[plain(node.name.removesuffix("/MatMul").replace("/", ".")) + ".weight"] = values[node.input[1]].T
    return weights


def build(folder: Path, exported: Path | None) -> onnx.ModelProto:
    """Answers the model: input_ids and attention_mask, int32 [batch, tokens] -> embedding, float32 [batch, dim]."""
    config = json.loads((folder / "config.json").read_text())
    weights: Weights = (
        {key.removeprefix("bert."): value for key, value in load_file(folder / "model.safetensors").items()}
        if exported is None
        else exported_weights(exported)
    )
    if weights["embeddings.word_embeddings.weight"].shape != (config["vocab_size"], config["hidden_size"]):
        raise SystemExit("the weights are of another vocabulary or width than the settings")
    if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
        raise SystemExit(f"only BERT encoders with GELU are known, this is {config['model_type']}")
    epsilon = float(config["layer_norm_eps"])
    graph = Graph()

    embeddings = [
        "input_ids",
        "",
        graph.weight("words", weights["embeddings.word_embeddings.weight"]),
        graph.weight(
            "positions",
            # Every token is of segment 0, so its embedding is part of the position's.
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0],
        ),
        "",
        graph.weight("embeddings.gamma", weights["embeddings.LayerNorm.weight"]),
        graph.weight("embeddings.beta", weights["embeddings.LayerNorm.bias"]),
    ]
    graph.nodes.append(
        helper.make_node(
            "EmbedLayerNormalization", embeddings, ["embedded", ""], domain="com.microsoft", epsilon=epsilon
        )
    )
    hidden = "embedded"
    for index in range(len({key.split(".")[2] for key in weights if key.startswith("encoder.layer.")})):
        heads = config["num_attention_heads"]
        hidden = encoder_layer(graph, weights, index, hidden, "attention_mask", heads, epsilon)

    # Mean over real tokens, then unit length.
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["mask", graph.weight("last_axis", np.array([-1]))], "mask3")
    graph.node("Mul", [hidden, "mask3"], "masked")
    graph.node("ReduceSum", ["masked", graph.weight("token_axis", np.array([1]))], "summed", keepdims=0)
    graph.node("ReduceSum", ["mask", "token_axis"], "counted", keepdims=1)
    graph.node("Div", ["summed", "counted"], "mean")
    graph.node("LpNormalization", ["mean"], "embedding", axis=-1, p=2)

    def ids(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "tokens"])

    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", config["hidden_size"]])
    built = helper.make_graph(
        graph.nodes, folder.name, [ids("input_ids"), ids("attention_mask")], [output], graph.initializers
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(built, opset_imports=opsets, ir_version=9, producer_name="quayside")


def main(source: Path, target: Path, exported: Path | None) -> None:
    """Writes all that the service reads of a model."""
    model = build(source, exported)
    # Weights in a file of their own are mapped by the runtime, not copied: 60 MB less memory in each worker.
    onnx.save(model, target / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=1024)
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    limit = json.loads((source / "sentence_bert_config.json").read_text())["max_seq_length"]
    dim = json.loads((source / "config.json").read_text())["hidden_size"]
    (target / "encoder.json").write_text(json.dumps({"dim": dim, "maxTokens": limit}))
    # The writer of the weights keeps them to its own user; the service runs as any.
    for path in target.iterdir():
        path.chmod(0o644)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
