"""Networks made by hand that between them use all that lowering can do."""

from nnspec.ops.kinds import Word
from nnspec.ops.registry import find_operator
from nnspec.shapes.dim import symbol
from tests.backends.graphs import Net


def op(name, **arguments):
    return find_operator(name)(**arguments)


SAME = Word("same")


def chain():
    net = Net("small")
    x = net(op("Input", sizes=(8, 8, 3)), name="input")
    x = net.chain(x, op("Conv", filters=4, kernel=3, init=Word("he_normal")), op("BatchNorm"), op("ReLU"))
    x = net.chain(x, op("MaxPool"), op("Dropout", rate=0.2), op("FC", units=10))
    return net.graph(softmax=net(op("Softmax"), x, name="softmax"))


def residual():
    net = Net("residual")
    x = net(op("Input", sizes=(9, 9, 3)), name="input")
    x = net(op("Conv", filters=8, kernel=7, stride=2, padding=(3, 3)), x)
    for channels in (8, 8, 12):
        y = net.chain(x, op("Conv", filters=channels, kernel=3, padding=SAME), op("BatchNorm"), op("ReLU"))
        if net.type_of(x).channels != channels:
            x = net(op("Conv", filters=channels, kernel=1), x)
        x = net(op("ReLU"), net(op("Add"), y, x))
    return net.graph(fc=net(op("FC", units=3), net(op("GlobalAvgPool"), x), name="fc"))


def inception():
    net = Net("inception")
    x = net(op("Input", sizes=(8, 8, 3)), name="input")
    branches = [net(op("Conv", filters=4, kernel=size, padding=SAME), x) for size in (1, 3, 5)]
    branches.append(net.chain(x, op("MaxPool", size=3, stride=1, padding=(1, 1)), op("Conv", filters=4, kernel=1)))
    x = net(op("Concat"), *branches, label="keras")
    x = net.chain(x, op("Conv", filters=6, kernel=3, stride=2, dilation=2, padding=(2, 2)), op("ReLU"))
    return net.graph(dense=net(op("FC", units=3), x, name="dense"))


def shared_towers():
    net = Net("twins")
    a = net(op("Input", sizes=(8, 8, 1)), name="a")
    b = net(op("Input", sizes=(8, 8, 1)), name="b")
    conv, norm, fc = op("Conv", filters=4, kernel=3, padding=(1, 1)), op("BatchNorm"), op("FC", units=6)
    first = [net(conv, a, name="tower_conv")]
    first += [net(norm, first[-1], name="tower_norm")]
    first += [net(fc, first[-1], name="tower_fc")]
    second = net(conv, b, shares=2)
    second = net(fc, net(norm, second, shares=3), shares=4)
    difference = net(op("Subtract"), first[-1], second)
    return net.graph(sigmoid=net(op("Sigmoid"), net(op("FC", units=1), difference, name="fc"), name="sigmoid"))


def shared_outputs():
    net = Net("both")
    a = net(op("Input", sizes=(2, 2)), name="a")
    b = net(op("Input", sizes=(4,)), name="b")
    fc = op("FC", units=3)
    return net.graph(p=net(fc, b, name="fc"), q=net(fc, a, name="fc_2", shares=2))


def several_outputs():
    net = Net("several")
    ids = net(op("Input", sizes=(6,), dtype="int32"), name="ids")
    image = net(op("Input", sizes=(6, 4)), name="image")
    x = net(op("Concat"), net(op("Embedding", vocabulary=20, width=4), ids), image)
    p, q = net(op("Split", n=2), x)
    logits = net(op("Dense", units=5), net(op("Multiply"), p, q), name="logits")
    return net.graph(logits=logits, half=p, again=p, image=image)


def own_layers():
    net = Net("own")
    x = net(op("Input", sizes=(9, 4)), name="input")
    x = net(op("Add"), x, net(op("Weight", sizes=(9, 4))))
    x = net.chain(x, op("KMaxPool", k=3), op("AvgPool", size=2, stride=1, padding=(1,)), op("FC", units=2))
    return net.graph(y=x)


def open_sizes():
    net = Net("open")
    x = net(op("Input", sizes=(symbol("H"), symbol("W"), 3)), name="input")
    e = net(op("Conv", filters=4, kernel=3, padding=SAME), x, label="e1")
    x = net.chain(e, op("MaxPool"), op("UpSample"))
    return net.graph(y=net(op("Conv", filters=2, kernel=1), net.chain(x, op("ReLU")), name="y"))


def penalties():
    net = Net("penalties")
    x = net(op("Input", sizes=(7,)), name="input")
    l2 = Word("l2", (1e-4,))
    x = net(op("Dense", units=5, regularizer=l2, constraint=Word("max_norm", (3,)), init=Word("orthogonal")), x)
    x = net(op("Dense", units=5, trainable=False, bias_init=Word("constant", (0.5,))), net(op("LeakyReLU"), x))
    return net.graph(y=x)


def graph_of_nodes():
    net = Net("gcn")
    x = net(op("Input", sizes=(symbol("N"), 5)), name="x")
    a = net(op("Input", sizes=(symbol("N"), symbol("N"))), name="a")
    h = net(op("ReLU"), net(op("GraphConv", units=4, normalize=Word("symmetric"), bias=False), x, a))
    return net.graph(y=net(op("GraphConv", units=3, normalize=Word("row"), init=Word("he_normal")), h, a, name="y"))


def processed():
    net = Net("processed")
    x = net(op("Input", sizes=(9, 8, 3)), name="input")
    x = net.chain(x, op("Rescale", scale=0.5, offset=(1, 2, 3)), op("Standardize", mean=(1, 0, 1), variance=2))
    x = net.chain(x, op("RandomFlip", mode=Word("vertical")), op("RandomRotation", factor=(-0.1, 0.2), seed=3))
    x = net.chain(x, op("RandomZoom", height_factor=0.1), op("RandomTranslation", height_factor=0.1, width_factor=0.2))
    x = net.chain(x, op("RandomContrast", factor=0.1), op("RandomBrightness", factor=0.1, value_range=(0, 1)))
    x = net.chain(x, op("RandomCrop", height=7, width=6), op("CenterCrop", height=5, width=6))
    x = net.chain(x, op("Standardize", axis=(0, 1)), op("Whiten"), op("Flatten"), op("PCA", k=4), op("FC", units=2))
    return net.graph(y=x)


ALL = (
    chain, residual, inception, shared_towers, shared_outputs, several_outputs, own_layers, open_sizes, penalties,
    graph_of_nodes, processed,
)  # fmt: skip
