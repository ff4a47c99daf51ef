"""Statements about tables and charts, and what a wandb answers: run as a script under the real wandb and under ours."""

import contextlib
import io
import json
import math
import re
import sys
from typing import Any

# What each statement starts from.
BEFORE = """
import datetime, json, math
import numpy as np
import pandas as pd
import wandb
T = wandb.Table
small = T(columns=["a", "b"], data=[[1, "x"], [2, "y"]])
def logged(name, *arguments, **options):
    import warnings, sklearn
    warnings.simplefilter("ignore")
    rows = {}
    wandb.log, log = rows.update, wandb.log
    np.random.seed(7)
    try:
        getattr(wandb.sklearn, "plot_" + name)(*arguments, **options)
    finally:
        wandb.log = log
    return {key: chart for key, chart in rows.items() if chart is not None}
def data(kind, classes=2):
    from sklearn.datasets import make_blobs, make_classification, make_regression
    if kind == "numbers":
        return make_regression(60, 4, noise=9, random_state=1)
    if kind == "groups":
        return make_blobs(40, 2, centers=3, random_state=1)
    return make_classification(60, 5, n_informative=3, n_redundant=0, n_classes=classes, random_state=1)
def fit(name, X, y=None, **options):
    import importlib
    path, _, cls = name.rpartition(".")
    model = getattr(importlib.import_module("sklearn." + path), cls)(**options).fit(X, y)
    if path == "cluster":
        model._estimator_type = "clusterer"  # wandb asks for what scikit-learn 1.6 has renamed
    return model
ids = wandb.Classes([{"id": 1, "name": "u"}, {"id": 2, "name": "v"}]).get_type()
truth, scores = [0, 1, 1, 0, 1, 2], [[.8,.1,.1],[.2,.7,.1],[.3,.6,.1],[.6,.3,.1],[.5,.4,.1],[.1,.2,.7]]
"""

STATEMENTS = [
    # Making one
    "T()",
    "T([])",
    "T(columns=['a'])",
    "T(['a', 'b'], [[1, 2], [3, 4]])",
    "T(columns=['a', 'b'], rows=[[1, 2]])",
    "T(columns=['a'], data=[], rows=[[1]])",
    "T(columns=['a', 'a'], data=[[1, 2]])",
    "T(columns=[0, 1], data=[[1, 2]])",
    "T(columns=['Wörter', '列'], data=[['ü', '漢字 🎈']])",
    "T(columns=('a', 'b'), data=[[1, 2]])",
    "T(columns='ab', data=[[1, 2]])",
    "T(columns=['a', None])",
    "T(columns=['a', 1.5])",
    "T(columns=['a'], data=((1,), (2,)))",
    "T(columns=['a'], data='text')",
    "T(columns=['a'], data={'a': [1]})",
    "T(columns=['a', 'b'], data=[(1, 2), (3, 4)])",
    "T(columns=['a', 'b'], data=[[1]])",
    "T(columns=['a', 'b'], data=[[1, 2, 3]])",
    "T(columns=['a', 'b'], data=[1, 2])",
    "T(columns=['a', 'b'], data=['xy', 'zw'])",
    "T(columns=None, data=None)",
    "T(data=[[1, 2, 3]])",
    "T(dataframe=None, columns=['a'], data=None)",
    "T(columns=['a'], nonsense=1)",
    "T(columns=['a'], log_mode='SOMETIMES')",
    "T(columns=['a'], log_mode=None)",
    # From arrays and frames
    "T(columns=['a', 'b'], data=np.array([[1, 2], [3, 4]]))",
    "T(columns=['a', 'b'], data=np.array([[1.5, float('nan')], [3, 4]]))",
    "T(columns=['a'], data=np.array([1, 2]))",
    "T(columns=['a', 'b'], data=np.ones((2, 2, 3)))",
    "T(columns=['a', 'b'], data=np.ones((2, 3)))",
    "T(columns=['a', 'b'], data=np.array([['x', 'y']]))",
    "T(dataframe=pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}))",
    "T(data=pd.DataFrame({'a': [1.5, None], 'b': [True, False]}))",
    "T(dataframe=pd.DataFrame({'a': [1]}), columns=['z'], data=[[5, 6]])",
    "T(dataframe=pd.DataFrame())",
    "T(dataframe=pd.DataFrame([[1, 2]]))",
    "T(dataframe=pd.DataFrame({'a': [1, 'x']}))",
    "T(dataframe=pd.DataFrame({('a', 'b'): [1]}))",
    "T(dataframe=[[1]])",
    "T(dataframe=pd.DataFrame({'t': pd.to_datetime(['2020-01-01'])}))",
    "T(dataframe=pd.DataFrame({'t': pd.Categorical(['u', 'v'])}))",
    # Types
    "T(columns=['a'], data=[[1], ['x']])",
    "T(columns=['a'], data=[['x'], [1]])",
    "T(columns=['a'], data=[[1], [2.5], [np.float32(3)], [np.int64(4)]])",
    "T(columns=['a'], data=[[1], [True]])",
    "T(columns=['a'], data=[[True], [np.bool_(False)], [1]])",
    "T(columns=['a'], data=[[None], [1], [None], [float('nan')]])",
    "T(columns=['a'], data=[[None], [None]])",
    "T(columns=['a'], data=[['x'], [float('nan')]])",
    "T(columns=['a'], data=[[np.float64('nan')], ['x']])",
    "T(columns=['a'], data=[[1.0], [2.0], [3.0], [float('nan')]], optional=False)",
    "T(columns=['a', 'b'], data=[[1.0, 'x'], [2.0, 'y'], (3.0, 'z'), [float('nan'), 'w'], [4, 'v']])",
    "T(columns=['a', 'b'], data=[[1, 'x'], [2, 'y'], [3, 'z'], ['w', 4]])",
    "T(columns=['a', 'b'], data=[[1, 'x'], [2, 'y'], [3, 'z'], [4]])",
    "T(columns=['a'], data=[[1]], optional=False).add_data(None)",
    "T(columns=['a', 'b'], data=[[1, None]], optional=[False, True])",
    "T(columns=['a', 'b'], data=[[None, 1]], optional=[False, True])",
    "T(columns=['a'], data=[[1], ['x'], [None]], allow_mixed_types=True)",
    "T(columns=['a'], data=[[1], [None]], allow_mixed_types=True, optional=False)",
    "T(columns=['a'], data=[[[1, 2]], [[3]], [[]]])",
    "T(columns=['a'], data=[[[1, 2]], [['x']]])",
    "T(columns=['a'], data=[[[1, None]], [[None]]])",
    "T(columns=['a'], data=[[[1, 'x']]])",
    "T(columns=['a'], data=[[(1, 2)], [{3}]])",
    "T(columns=['a'], data=[[{'k': 1}], [{'k': 2}]])",
    "T(columns=['a'], data=[[{'k': 1}], [{'k': 'x'}]])",
    "T(columns=['a'], data=[[{'k': 1}], [{'j': 1}]])",
    "T(columns=['a'], data=[[{'k': {'d': [1]}}], [{'k': {'d': ['x']}}]])",
    "T(columns=['a'], data=[[np.zeros((2, 3))], [np.ones((2, 3))]])",
    "T(columns=['a'], data=[[np.zeros((2, 3))], [np.ones((3, 2))]])",
    "T(columns=['a'], data=[[np.zeros(2)], [[1, 2, 3]]])",
    "T(columns=['a'], data=[[datetime.datetime(2020, 1, 2)], [datetime.date(2020, 1, 2)]])",
    "T(columns=['a'], data=[[datetime.datetime(2020, 1, 2)], [5]])",
    "T(columns=['a'], data=[[np.datetime64('2020-01-01')], [np.timedelta64(1, 'D')]])",
    "T(columns=['a'], data=[[1 + 2j], [b'x']])",
    "T(columns=['a'], data=[[b'x'], [b'y']])",
    "T(columns=['a'], data=[[object], [int]])",
    "T(columns=['a', 'b', 'c'], data=[[1, 'x', True], ['y', 2, False]])",
    "T(columns=['a'], data=[[10**30], [-1]])",
    "T(columns=['a'], data=[[float('inf')], [-float('inf')]])",
    # Types that are asked for
    "T(columns=['a'], data=[[1]], dtype=int)",
    "T(columns=['a'], data=[['x']], dtype=int)",
    "T(columns=['a', 'b'], data=[[1, 'x']], dtype=[int, str])",
    "T(columns=['a', 'b'], data=[['x', 1]], dtype=[int, str])",
    "T(columns=['a'], data=[[[1]]], dtype=[[int]])",
    "T(columns=['a'], data=[[{'k': 1}]], dtype=[{'k': int}])",
    "T(columns=['a'], data=[[5], [5]], dtype=5)",
    "T(columns=['a'], data=[[5], [6]], dtype=5)",
    "T(columns=['a'], data=[['u'], ['v']], dtype=[['u', 'v']])",
    "T(columns=['a'], data=[[1]], dtype=datetime.datetime)",
    "T(columns=['a'], data=[[None]], dtype=float, optional=False)",
    "T(columns=['a', 'b', 'c'], dtype=[int, str])",
    "T(columns=['a'], dtype=wandb.Image)._column_types.params['type_map'].keys()",
    "small.cast('a', str)",
    "small.cast('a', float)",
    "small.cast('b', str, optional=True)",
    "small.cast('c', int)",
    "small.cast('a', [int, str])",
    # Adding
    "small.add_data(3, 'z')",
    "(small.add_data(3, 'z'), small)[1]",
    "small.add_data(3)",
    "small.add_data()",
    "small.add_data('z', 3)",
    "small.add_data([3, 'z'])",
    "(small.add_row(3, 'z'), small)[1]",
    "(small.add_column('c', [True, False]), small)[1]",
    "(small.add_column('c', np.array([1.5, 2.5])), small)[1]",
    "(small.add_column('c', np.zeros((2, 4))), small)[1]",
    "small.add_column('a', [1, 2])",
    "small.add_column('c', [1])",
    "small.add_column('c', (1, 2))",
    "small.add_column('c', [1, 'x'])",
    "small.add_column('c', [1, None])",
    "(small.add_column('c', [1, None], optional=True), small)[1]",
    "small.add_column(5, [1, 2])",
    "small.add_column('c', [1, 2], optional='yes')",
    "t = T(columns=[]); t.add_column('a', [1, 2]); t",
    "try:\n    small.add_column('c', [1, 'x'])\nexcept TypeError:\n    pass\nsmall",
    "(small.add_computed_columns(lambda i, row: {'c': row['a'] + i, 'd': row['b'] * 2}), small)[1]",
    "small.add_computed_columns(lambda i, row: 5)",
    "small.add_computed_columns(lambda i, row: {'a': 5})",
    "small.add_computed_columns(lambda i, row: {'c': 5} if i else {})",
    "t = T(columns=['a'], log_mode='INCREMENTAL'); t.add_data(1); t.add_column('b', [2])",
    "t = T(columns=['a'], log_mode='INCREMENTAL'); t.add_computed_columns(lambda i, row: {})",
    "columns = ['a']; t = T(columns=columns); t.add_data(1); t.data",
    # Reading
    "small.get_column('a')",
    "small.get_column('a', convert_to='numpy')",
    "small.get_column('z')",
    "small.get_column('a', convert_to='list')",
    "small.get_index()",
    "[index.get_row() for index in small.get_index()]",
    "small.index_ref(1).get_row()",
    "small.index_ref(2)",
    "list(small.iterrows())",
    "small.get_dataframe()",
    "T(columns=['a']).get_dataframe()",
    "small.data[0][0], small.columns, len(small.data)",
    "small == T(columns=['a', 'b'], data=[[1, 'x'], [2, 'y']]), small != T()",
    "small == T(columns=['a', 'b'], data=[[1, 'x'], [2, 'z']])",
    "T(columns=['a'], data=[[np.ones(2)]]) == T(columns=['a'], data=[[np.ones(2)]])",
    "small == 5",
    "T.MAX_ROWS, T.MAX_ARTIFACT_ROWS, T._log_type, small.log_mode",
    "T(columns=small.columns, data=small.data)",
    # Keys
    "small.set_pk('b'); [type(one).__name__ for one in small.get_column('b')]",
    "small.set_pk('a')",
    "small.set_pk('b'); small.set_pk('b')",
    "small.set_pk('b'); t = T(columns=['k'], data=[['x']]); t.set_fk('k', small, 'b'); t.data[0][0]._col_name",
    "other = T(columns=['k'], data=[[small.index_ref(1)]]); other.data[0][0].get_row()",
    "other = T(columns=['k'], data=[[small.index_ref(1)], [0]]); [one.get_row() for one, in other.data]",
    "small.set_fk('b', small, 'b')",
    "small.set_pk('b'); small.cast('b', str)",
    "small.set_pk('z')",
    # Kin
    "wandb.JoinedTable(small, small, 'a')._join_key",
    "wandb.JoinedTable(small, small, 5)",
    "wandb.JoinedTable(small, small, ['a'])",
    "wandb.JoinedTable(5, small, 'a')",
    "wandb.JoinedTable(small, 'x.json', 'a')",
    "wandb.JoinedTable('x.table.json', small, ['a', 'b'])._table1",
    "wandb.JoinedTable(small, small, 'a').bind_to_run()",
    "wandb.data_types.PartitionedTable('parts').parts_path",
    "list(wandb.data_types.PartitionedTable('parts').iterrows())",
    "wandb.data_types.PartitionedTable('parts').bind_to_run()",
    "wandb.EvalTable(log_mode='MUTABLE')",
    "wandb.EvalTable(backend='other')",
    "wandb.EvalTable(unsupported_media_mode='other')",
    # Type system
    "from wandb.sdk.data_types import _dtypes as d; d.TypeRegistry.type_of({'a': [1, 'x', None]})",
    "from wandb.sdk.data_types import _dtypes as d; d.TypeRegistry.type_of([[1, 2], [3]]).to_json()",
    "from wandb.sdk.data_types import _dtypes as d; d.OptionalType(d.UnionType([int, str])).to_json()",
    "from wandb.sdk.data_types import _dtypes as d; d.TypeRegistry.type_from_dict(d.ListType(int, 3).to_json())",
    "from wandb.sdk.data_types import _dtypes as d; d.TypeRegistry.type_from_dict({})",
    "from wandb.sdk.data_types import _dtypes as d; d.TypeRegistry.type_from_dict({'wb_type': 'nothing'})",
    "from wandb.sdk.data_types import _dtypes as d; d.UnionType([int, d.UnknownType()]).assign('x')",
    "from wandb.sdk.data_types import _dtypes as d; d.UnionType([int, str]).assign_type(d.UnionType([str, bool]))",
    "from wandb.sdk.data_types import _dtypes as d; d.AnyType().assign(None), d.AnyType().assign(5)",
    "from wandb.sdk.data_types import _dtypes as d; d.NDArrayType((2, 3)).to_json()",
    "small._column_types.to_json()",
    "T(columns=['a'], data=[[1], [2]], dtype=ids)",
    "T(columns=['a'], data=[[1], [3]], dtype=ids)",
    # In artifacts
    *(
        f"a = wandb.Artifact('n', 't'); e = a.add(T(columns=['a', 'b'], data={data}), 't'); "
        "(e.path, a.digest, json.load(open(e.local_path)))"
        for data in (
            "[]",
            "[[1, 'x'], [2.5, None], [float('nan'), 'ü']]",
            "[[np.int64(1), np.bool_(True)], [np.float64('nan'), None]]",
            "[[[1, 2], {'k': 1}], [[3], {'k': 2}]]",
            "[[datetime.datetime(2020, 1, 2, 3, 4, 5), np.datetime64('2020-01-01')]]",
            "[[datetime.date(2020, 1, 2), float('inf')]]",
            "[[np.arange(3.0), 10**20], [np.ones(3), 5]]",
            "[[(1, 2), b'x'], [(3, 4), b'y']]",
        )
    ),
    "a = wandb.Artifact('n', 't'); a.add(T(columns=['a'], data=[[np.ones((2, 2))]]), 't'); "
    "(a.digest, sorted(a.manifest.entries))",
    "small.cast('a', ids); a = wandb.Artifact('n', 't'); a.add(small, 't'); (a.digest, sorted(a.manifest.entries))",
    "a = wandb.Artifact('n', 't'); a.add(small, 't'); a.add(wandb.JoinedTable(small, small, 'a'), 'j').path",
    # Charts
    "wandb.plot.line(small, 'a', 'b', stroke='b', title='Title')",
    "wandb.plot.line(small, 'a', 'b')",
    "wandb.plot.scatter(small, 'a', 'b', title='Title')",
    "wandb.plot.bar(small, 'b', 'a', title='Title', split_table=True)",
    "wandb.plot.histogram(small, 'a')",
    "wandb.plot.line([[1]], 'a', 'b')",
    "wandb.plot.line_series([0, 1], [[1, 2], [3, 4]])",
    "wandb.plot.line_series([[0, 1], [5, 6]], [[1, 2], [3, 4]], keys=['u', 'v'], title='Title', xname='n')",
    "wandb.plot.line_series([0, 1], [[1, 2], [3, 4]], keys=['u'])",
    "wandb.plot.line_series([[0, 1]], [[1, 2], [3, 4]])",
    "wandb.plot.line_series([], [])",
    "wandb.plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=['u', 'v'])",
    "wandb.plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=['u', 'v', 'w'], title='Title')",
    "wandb.plot.confusion_matrix(y_true=['u', 'v'], preds=['v', 'v'])",
    "wandb.plot.confusion_matrix(probs=scores, y_true=truth)",
    "wandb.plot.confusion_matrix(probs=scores, y_true=truth, preds=truth)",
    "wandb.plot.confusion_matrix(y_true=[0], preds=[0, 1])",
    "wandb.plot.confusion_matrix(y_true=[0, 1], preds=[0, 1], class_names=['u'])",
    "wandb.plot.confusion_matrix(y_true=[0, 1, 2], preds=[0, 0, 0], class_names=['u', 'v'])",
    "wandb.plot.roc_curve(truth, scores)",
    "wandb.plot.roc_curve(truth, scores, labels=['u', 'v', 'w'], title='Title')",
    "wandb.plot.roc_curve(truth, scores, classes_to_plot=[1])",
    "wandb.plot.roc_curve(['u', 'v', 'v'], [[.9, .1], [.2, .8], [.6, .4]])",
    "wandb.plot.pr_curve(truth, scores)",
    "wandb.plot.pr_curve(truth, scores, labels=['u', 'v', 'w'], interp_size=5)",
    "wandb.plot.pr_curve(truth, np.array(scores), classes_to_plot=[0, 2], split_table=True)",
    "T.MAX_ROWS = 30; wandb.plot.pr_curve(truth, scores).table.data.__len__()",
    "wandb.plot_table('me/mine', small, {'x': 'a'}, {'title': 'Title'})",
    "wandb.plot_table(vega_spec_name='me/mine', data_table=small, fields={'x': 'a'}, split_table=True)",
    "wandb.plot_table('me/mine', [[1]], {})",
    "c = wandb.plot_table('me/mine', small, {'x': 'a'}); c.spec.table_key",
    "c = wandb.plot_table('me/mine', small, {'x': 'a'}); c.set_key('k'); (c.spec.table_key, c.spec.config_key)",
    "c = wandb.plot_table('me/mine', small, {'x': 'a'}, split_table=True); c.set_key('k'); c.spec.config_value",
    "wandb.visualize('wandb/heatmap/v1', small)",
    "wandb.visualize('wandb/heatmap/v1', [[1]])",
    "v = wandb.visualize('me/mine', small); v.set_key('k'); (v.spec.config_key, v.spec.config_value)",
    # scikit-learn
    "logged('confusion_matrix', [0, 1, 1, 2], [0, 1, 0, 0], ['u', 'v', 'w'])",
    "logged('confusion_matrix', [0, 1, 1, 2], [0, 1, 0, 0])",
    "logged('confusion_matrix', ['u', 'v'], ['v', 'v'], normalize=True)",
    "logged('confusion_matrix', [0, 1, 1, 2], [0, 1, 0, 0], normalize=True)",
    "logged('class_proportions', [0, 1, 1, 2], [0, 1, 0, 0], ['u', 'v', 'w'])",
    "logged('class_proportions', ['a', 'b'], ['a', 'a'])",
    "logged('class_proportions', [0, 1], None)",
    "logged('roc', truth, scores, ['u', 'v', 'w'])",
    "logged('precision_recall', truth, scores)",
    "X, y = data('classes'); logged('calibration_curve', fit('naive_bayes.GaussianNB', X, y), X, y, 'Bayes')",
    "X, y = data('classes', 3); logged('calibration_curve', fit('naive_bayes.GaussianNB', X, y), X, y)",
    "X, y = data('classes'); logged('feature_importances', fit('linear_model.LogisticRegression', X, y))",
    "X, y = data('classes'); m = fit('tree.DecisionTreeClassifier', X, y, random_state=0); "
    "logged('feature_importances', m, list('abcde'))",
    "X, y = data('classes', 3); logged('feature_importances', fit('linear_model.LogisticRegression', X, y)).keys()",
    "X, y = data('classes'); logged('feature_importances', fit('neighbors.KNeighborsClassifier', X, y)).keys()",
    "X, y = data('classes'); logged('summary_metrics', fit('naive_bayes.GaussianNB', X, y), X, y, X, y)",
    "X, y = data('numbers'); logged('summary_metrics', fit('linear_model.Ridge', X, y), X, y, X, y)",
    "X, y = data('numbers'); logged('learning_curve', fit('linear_model.Ridge', X, y), X, y)",
    "X, y = data('classes'); logged('learning_curve', fit('naive_bayes.GaussianNB', X, y), X, y, cv=2, "
    "train_sizes=[0.5, 1.0])",
    "X, y = data('numbers'); logged('outlier_candidates', fit('linear_model.Ridge', X, y), X, y)",
    "X, y = data('numbers'); logged('residuals', fit('linear_model.Ridge', X, y), X, y)",
    "X, y = data('groups'); m = fit('cluster.KMeans', X, n_clusters=3, random_state=0, n_init=2); "
    "[row[:2] for row in logged('elbow_curve', m, X, [2, 1])['elbow_curve'].table.data]",
    "X, y = data('groups'); m = fit('cluster.KMeans', X, n_clusters=3, random_state=0, n_init=2); "
    "logged('silhouette', m, X, m.labels_)",
    "X, y = data('groups'); m = fit('cluster.AgglomerativeClustering', X, n_clusters=3); "
    "logged('silhouette', m, X, m.labels_, kmeans=False)",
    "X, y = data('groups'); m = fit('cluster.KMeans', X, n_clusters=3, random_state=0, n_init=2); "
    "sorted(logged('clusterer', m, X, m.labels_))",
    "X, y = data('classes'); m = fit('ensemble.RandomForestClassifier', X, y, n_estimators=3, random_state=0); "
    "sorted(logged('classifier', m, X, X, y, y, m.predict(X), m.predict_proba(X), ['u', 'v']))",
    "X, y = data('classes'); m = fit('naive_bayes.GaussianNB', X, y); "
    "sorted(logged('classifier', m, X, X, y, y, m.predict(X), m.predict_proba(X), None, log_learning_curve=True))",
    "X, y = data('numbers'); sorted(logged('regressor', fit('linear_model.Ridge', X, y), X, X, y, y))",
    "from sklearn.linear_model import Ridge; X, y = data('numbers'); logged('summary_metrics', Ridge(), X, y, X, y)",
    "X, y = data('numbers'); logged('calibration_curve', fit('linear_model.Ridge', X, y), X, y)",
    "X, y = data('numbers'); m = fit('linear_model.Ridge', X, y); X[0, 0] = float('nan'); logged('residuals', m, X, y)",
    "wandb.plot.__all__.__len__() > 0, wandb.plot_table is wandb.plot.plot_table",
]


def answer(statement: str) -> Any:
    """Return what a statement's last expression gives, or what it raises, as JSON."""
    names: dict[str, Any] = {}
    exec(BEFORE, names)
    rest, _, last = statement.rpartition("\n") if "\n" in statement else _split(statement)
    try:
        exec(rest, names)
        return findings(eval(last, names))
    except Exception as error:
        return [type(error).__name__, re.sub(r"0x[0-9a-f]+", "0x", str(error))]
    finally:
        names["wandb"].Table.MAX_ROWS = 10_000


def _split(statement: str) -> tuple[str, str, str]:
    rest, mark, last = statement.rpartition("; ")
    return rest, mark, last


def findings(value: Any) -> Any:
    """Return a value as JSON, alike for objects of either wandb."""
    kind = type(value).__name__
    if kind == "dict_keys":
        return sorted(value)
    if kind in ("Table", "EvalTable"):
        return [kind, findings(value.columns), findings(value.data), repr(value._column_types)]
    if kind in ("CustomChart", "Visualize"):
        # Without types: numpy's texts, which have a separate type, are plain texts in our charts.
        table = value.table
        return [
            kind,
            findings(table.columns),
            findings(table.data),
            {key: findings(one) for key, one in vars(value.spec).items()},
        ]
    if kind == "DataFrame":
        return ["frame", findings(value.to_dict("list"))]
    if isinstance(value, float):
        return round(value, 9) if math.isfinite(value) else repr(value)
    if isinstance(value, dict):
        return [[findings(key), findings(one)] for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [findings(one) for one in value]
    if hasattr(value, "tolist"):
        return findings(value.tolist())
    if isinstance(value, (str, int, type(None))):
        return value if isinstance(value, (bool, type(None))) else type(value)(value)
    return repr(value)


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        answers = [answer(statement) for statement in STATEMENTS]
    json.dump(answers, sys.stdout)
